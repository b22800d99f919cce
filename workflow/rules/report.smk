# The facts, the document in every language and medium, and the second reader that lets it pass.

REPORT_PDF = f"{RESULTS}/report/report-{{language}}.pdf"
UNCHECKED_PDF = f"{RESULTS}/report/report-{{language}}-unchecked.pdf"


# Inputs are plain paths where there is one for each run: where any is another rule's output,
# Snakemake compares all of them with each other.
rule collect_facts:
    input:
        # Those that a study does not have are no files.
        **(
            {name: str(file) for name, file in rules.weigh_recipes.output.items() if file}
            if HAS_VARIANTS
            else {}
        ),
        **(
            {
                "without_suspects": rules.leave_out_suspects.output.contrasts,
                "suspects": rules.leave_out_suspects.output.suspects,
            }
            if STUDY.on_suspects == "drop"
            else {}
        ),
        reminder=if_from_elsewhere(f"{RESULTS}/facts.json"),
        audit=str(rules.build_manifest.output.audit),
        manifest=str(rules.build_manifest.output.manifest),
        pixels_record=str(rules.write_pixels.output.record),
        splits=expand(rules.split_images.output.split, replicate=STUDY.replicates),
        split_records=expand(rules.split_images.output.record, replicate=STUDY.replicates),
        histories=expand(rules.train_network.output.history, **ALL_RUNS),
        training=expand(rules.train_network.output.training, **ALL_RUNS),
        # In the order of hash_runs().
        metrics=expand(f"{RUN}/metrics.json", **ALL_RUNS),
        runs=DECISIVE_RUNS,
        summary=str(rules.summarise_runs.output.summary),
        classes=str(rules.summarise_runs.output.classes),
        images=str(rules.list_images.output.images),
        confusions=str(rules.list_images.output.confusions),
        contrasts=str(rules.judge_claims.output.contrasts),
        verdicts=str(rules.judge_claims.output.verdicts),
        looks=str(rules.judge_claims.output.looks),
        twin_summary=of_twin("summary.csv"),
        tuned=f"{RESULTS}/{TUNED}/summary.csv" if STUDY.tuning else [],
        tuned_runs=f"{RESULTS}/{TUNED}/runs.csv" if STUDY.tuning else [],
        variants=f"{RESULTS}/variants.csv" if HAS_VARIANTS else [],
    output:
        facts=f"{RESULTS}/facts.json",
    log:
        f"{RESULTS}/logs/collect_facts.log",
    localrule: True
    conda:
        PYTHON_ENVIRONMENT
    params:
        code=code_of("collect_facts.py"),
        made_with=lambda wildcards: hash_runs(),
        study=lambda wildcards: study_of_results(),
        published_sha256=hash_users(STUDY.report.published),
        splits=STUDY.tie,
        replicates=list(STUDY.replicates),
        runs=[label_run(*run) for run in STUDY.runs],
        histories=by_contender(rules.train_network.output.history),
        training=by_contender(rules.train_network.output.training),
        folder=lambda wildcards: RESULTS,
    message:
        "Collecting all numbers that the report may state"
    script:
        "../scripts/collect_facts.py"


rule write_report:
    input:
        reminder=if_from_elsewhere(f"{RESULTS}/report/report-{{language}}.tex"),
        facts=rules.collect_facts.output.facts,
        figures=expand(
            f"{RESULTS}/figures/{{figure}}-{{language}}.svg",
            figure=FIGURES,
            allow_missing=True,
        ),
        document=f"{REPORT}/templates/document.j2",
        pages=expand(f"{REPORT}/templates/page.{{ending}}.j2", ending=["tex", "html"]),
        catalogues=CATALOGUES,
        bibliography=f"{REPORT}/references.bib",
    output:
        tex=f"{RESULTS}/report/report-{{language}}.tex",
        html=report(
            f"{RESULTS}/report/report-{{language}}.html",
            category="Report",
            caption="../report/report.rst",
            labels={"language": "{language}", "medium": "HTML"},
        ),
        values=f"{RESULTS}/report/values-{{language}}.json",
        tables=directory(f"{RESULTS}/tables/{{language}}"),
    log:
        f"{RESULTS}/logs/write_report/{{language}}.log",
    localrule: True
    conda:
        PYTHON_ENVIRONMENT
    params:
        code=code_of("write_report.py"),
        report=lambda wildcards: describe_report(STUDY),
        # The user's own files are no inputs, since Snakemake takes a brace in a name for a wildcard.
        own_files=hash_users(
            STUDY.report.bibliography,
            STUDY.report.logo,
            STUDY.report.title_page,
            *STUDY.report.sections,
        ),
        # What a machine has, a report in any script is made with.
        fonts=lambda wildcards: [hash_names(), can_write_scripts()],
        figures=list(FIGURES),
        figure_folder=lambda wildcards: f"{RESULTS}/figures",
    message:
        "Writing the report ({wildcards.language})"
    script:
        "../scripts/write_report.py"


rule write_explorer:
    input:
        reminder=if_from_elsewhere(f"{RESULTS}/report/explorer.html"),
        facts=str(rules.collect_facts.output.facts),
        articles=expand(rules.write_report.output.html, language=STUDY.report.languages),
        manifest=str(rules.build_manifest.output.manifest),
        audit=str(rules.build_manifest.output.audit),
        pixels=str(rules.write_pixels.output.pixels),
        splits=expand(rules.split_images.output.split, replicate=STUDY.replicates),
        tables=[
            str(rules.summarise_runs.output.runs),
            *([f"{RESULTS}/{TUNED}/runs.csv"] if STUDY.tuning else []),
        ],
        images=str(rules.list_images.output.images),
        runs=[run[name] for run in list_explored() for name in ("history", "predictions")],
        page=[f"{REPORT}/templates/explorer.{ending}" for ending in ("html.j2", "css", "js")],
        class_page=f"{REPORT}/templates/explorer-class.html.j2",
        catalogues=CATALOGUES,
    output:
        explorer=report(
            f"{RESULTS}/report/explorer.html",
            category="Report",
            caption="../report/explorer.rst",
            labels={"language": "all", "medium": "explorer"},
        ),
    log:
        f"{RESULTS}/logs/write_explorer.log",
    localrule: True
    conda:
        PYTHON_ENVIRONMENT
    params:
        code=code_of("write_explorer.py"),
        languages=STUDY.report.languages,
        titles={code: STUDY.report.title.get(code, "") for code in STUDY.report.languages},
        replicates=list(STUDY.replicates),
        series=[[name, variant == TUNED] for name in CONTENDERS for variant in EXPLORED],
        runs=list_explored(),
        folder=lambda wildcards: RESULTS,
    message:
        "Writing the explorer"
    script:
        "../scripts/write_explorer.py"


rule compile_report:
    input:
        reminder=if_from_elsewhere(UNCHECKED_PDF),
        tex=rules.write_report.output.tex,
        figures=expand(
            f"{RESULTS}/figures/{{figure}}-{{language}}.pdf",
            figure=FIGURES,
            allow_missing=True,
        ),
    output:
        # Stays where the second reader does not let it pass, so that nobody loses a report.
        pdf=temp(UNCHECKED_PDF),
    log:
        f"{RESULTS}/logs/compile_report/{{language}}.log",
    localrule: True
    conda:
        TEX_ENVIRONMENT
    params:
        code=code_of("compile_report.py"),
    message:
        "Compiling the report ({wildcards.language})"
    script:
        "../scripts/compile_report.py"


rule check_report:
    input:
        reminder=if_from_elsewhere(REPORT_PDF),
        pdf=UNCHECKED_PDF,
        figures=expand(
            f"{RESULTS}/figures/{{figure}}-{{language}}.svg",
            figure=FIGURES,
            allow_missing=True,
        ),
        splits=expand(rules.split_images.output.split, replicate=STUDY.replicates),
    output:
        pdf=report(
            REPORT_PDF,
            category="Report",
            caption="../report/report.rst",
            labels={"language": "{language}", "medium": "PDF"},
        ),
        numbers=f"{RESULTS}/report/numbers-{{language}}.txt",
    log:
        f"{RESULTS}/logs/check_report/{{language}}.log",
    localrule: True
    conda:
        PYTHON_ENVIRONMENT
    params:
        **PUBLISHED,
        code=code_of("check_report.py"),
        study=lambda wildcards: study_of_results(),
        claims=lambda wildcards: [list(map(str, CLAIMS)), OWN_CLAIMS],
        folder=lambda wildcards: RESULTS,
    message:
        "Looking up every number of the report in the files of the runs ({wildcards.language})"
    script:
        "../scripts/check_report.py"


rule compare_languages:
    input:
        pdfs=expand(REPORT_PDF, language=STUDY.report.languages),
        numbers=expand(rules.check_report.output.numbers, language=STUDY.report.languages),
    output:
        same=f"{RESULTS}/report/languages.txt",
    log:
        f"{RESULTS}/logs/compare_languages.log",
    localrule: True
    conda:
        PYTHON_ENVIRONMENT
    params:
        code=code_of("compare_languages.py"),
        languages=STUDY.report.languages,
    message:
        "Comparing what the languages of the report say"
    script:
        "../scripts/compare_languages.py"
