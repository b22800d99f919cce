# The tables, the document and its PDF, in every language of the report.

PLAIN = find_plain(STUDY.contenders, STUDY.reference)
TABLES = {
    name: f"{RESULTS}/tables/{name.replace('_', '-')}-{{language}}.tex"
    for name in list_tables(
        STUDY, bool(CLAIMS or OWN_CLAIMS), read_published(STUDY.report.published)
    )
}


rule write_tables:
    input:
        reminder=if_from_elsewhere(TABLES["settings"]),
        summary=rules.summarise_runs.output.summary,
        classes=rules.summarise_runs.output.classes,
        verdicts=rules.judge_claims.output.verdicts,
        other_summary=of_twin("summary.csv"),
        texts=TEXTS,
    output:
        **TABLES,
    log:
        f"{RESULTS}/logs/write_tables/{{language}}.log",
    localrule: True
    conda:
        PYTHON_ENVIRONMENT
    params:
        **PUBLISHED,
        code=code_of("write_tables.py"),
        titles=TITLES,
        weighed=list(WEIGHED),
        plain=PLAIN,
        reference=STUDY.reference,
        recipe=lambda wildcards: asdict(STUDY.recipe),
        width=STUDY.width,
        image_size=STUDY.data.image_size,
        names=[STUDY.name, STUDY.report.compare_with],
    message:
        "Writing the tables ({wildcards.language})"
    script:
        "../scripts/write_tables.py"


rule write_report:
    input:
        reminder=if_from_elsewhere(f"{RESULTS}/report/report-{{language}}.tex"),
        template=f"{REPORT}/templates/report-{{language}}.tex.j2",
        base=f"{REPORT}/templates/base.tex.j2",
        bibliography=f"{REPORT}/references.bib",
        texts=TEXTS,
        audit=rules.build_manifest.output.audit,
        manifest=rules.build_manifest.output.manifest,
        splits=expand(rules.split_images.output.split, replicate=STUDY.replicates),
        summary=rules.summarise_runs.output.summary,
        classes=rules.summarise_runs.output.classes,
        histories=ALL_HISTORIES,
        metrics=ALL_METRICS,
        contrasts=rules.judge_claims.output.contrasts,
        verdicts=rules.judge_claims.output.verdicts,
        other_summary=of_twin("summary.csv"),
    output:
        tex=f"{RESULTS}/report/report-{{language}}.tex",
        bibliography=f"{RESULTS}/report/references-{{language}}.bib",
    log:
        f"{RESULTS}/logs/write_report/{{language}}.log",
    localrule: True
    conda:
        PYTHON_ENVIRONMENT
    params:
        **PUBLISHED,
        made_with=lambda wildcards: hash_runs(),
        histories=by_contender(rules.train_network.output.history),
        code=code_of("write_report.py"),
        title=lambda wildcards: STUDY.report.title.get(wildcards.language, ""),
        authors=lambda wildcards: list(STUDY.report.authors),
        course=lambda wildcards: STUDY.report.course.get(wildcards.language, ""),
        date=STUDY.report.date and STUDY.report.date.isoformat(),
        ai_assistance=lambda wildcards: STUDY.report.ai_assistance.get(wildcards.language, ""),
        contenders=lambda wildcards: [
            {
                "name": contender.name,
                "title": TITLES[contender.name],
                "network": contender.network,
                "width": contender.width,
                "recipe": asdict(contender.recipe),
                "settings": own_settings(contender),
            }
            for contender in STUDY.contenders
        ],
        networks=lambda wildcards: describe_networks(STUDY.contenders),
        titles=TITLES,
        weighed=list(WEIGHED),
        margin=STUDY.margin,
        probes=list(STUDY.probes),
        splits=tie_of_splits(),
        plain=PLAIN,
        shortcuts_alone=PLAIN is not None
        and differ_in_shortcuts_alone(STUDY.contender(PLAIN), STUDY.contender(STUDY.reference)),
        reference=STUDY.reference,
        replicates=len(STUDY.replicates),
        recipe=lambda wildcards: asdict(STUDY.recipe),
        width=STUDY.width,
        source=STUDY.data.source,
        image_size=STUDY.data.image_size,
        split=lambda wildcards: asdict(STUDY.split),
        names=[STUDY.name, STUDY.report.compare_with],
    message:
        "Writing the report ({wildcards.language})"
    script:
        "../scripts/write_report.py"


rule compile_report:
    input:
        reminder=if_from_elsewhere(f"{RESULTS}/report/report-{{language}}.pdf"),
        tex=rules.write_report.output.tex,
        bibliography=rules.write_report.output.bibliography,
        figures=[getattr(rules, f"draw_{figure}").output.pdf for figure in list_figures(STUDY)],
        tables=list(TABLES.values()),
    output:
        pdf=report(
            f"{RESULTS}/report/report-{{language}}.pdf",
            category="Report",
            caption="../report/report.rst",
            labels={"language": "{language}"},
        ),
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
        reminder=if_from_elsewhere(f"{RESULTS}/report/numbers.txt"),
        pdf=expand(rules.compile_report.output.pdf, language=STUDY.report.languages),
    output:
        numbers=f"{RESULTS}/report/numbers.txt",
    log:
        f"{RESULTS}/logs/check_report.log",
    localrule: True
    conda:
        PYTHON_ENVIRONMENT
    params:
        code=code_of("check_report.py"),
        script=workflow.source_path("../scripts/check_report.py"),
        config=(CONFIG_FILES or [CONFIG])[0],
        python=PYTHON,
        study=STUDY.name,
    message:
        "Looking up every number of the report in the result files"
    shell:
        "{params.python:q} {params.script:q} results/{params.study} --config {params.config:q} --list"
        " > {output.numbers:q} 2> {log:q}"
