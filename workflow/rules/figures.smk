# The figures: each is a module of src/timbang/report/figures, which says what it is drawn from.

# The published numbers to print, and what is in them: they are the user's file, and so no input.
PUBLISHED = {
    "published": lambda wildcards: STUDY.report.published,
    "published_sha256": hash_users(STUDY.report.published),
}
TITLES = {
    contender.name: title_contender(contender.name, contender.network)
    for contender in STUDY.contenders
}
CATALOGUES = [str(path) for path in sorted((REPORT / "languages").glob("*.po"))]
# By what figures call it: the files of all runs by contender, or one or several of the study.
DRAWN_FROM = {
    "histories": by_contender(rules.train_network.output.history),
    "metrics": by_contender(f"{RUN}/metrics.json"),
    "probes": by_contender(rules.probe_run.output.probes),
    "splits": expand(rules.split_images.output.split, replicate=STUDY.replicates),
    "runs": str(rules.summarise_runs.output.runs),
    "contrasts": str(rules.judge_claims.output.contrasts),
    "calibration": str(rules.list_images.output.calibration),
    "images": str(rules.list_images.output.images),
    "audit": str(rules.build_manifest.output.audit),
    "manifest": str(rules.build_manifest.output.manifest),
    "pixels": str(rules.write_pixels.output.pixels),
    "twin_runs": of_twin("runs.csv"),
    "decisive_runs": DECISIVE_RUNS,
    "recipes": f"{FAIRNESS}/recipes.csv",
    "budgets": f"{FAIRNESS}/budgets.csv",
    "learning": f"{FAIRNESS}/learning.csv",
}
FIGURES = {name: own for name, own in list_figures().items() if own.due(STUDY)}


def list_files(names):
    """The files that a figure is drawn from, in one list each."""
    files = {name: DRAWN_FROM[name] for name in names}
    return {
        name: [file for own in given.values() for file in own] if isinstance(given, dict) else given
        for name, given in files.items()
    }


for figure, own in FIGURES.items():

    rule:
        name:
            f"draw_{figure}"
        input:
            **list_files(own.needs),
            reminder=if_from_elsewhere(f"{RESULTS}/figures/{figure}-{{language}}.pdf"),
        output:
            pdf=f"{RESULTS}/figures/{figure}-{{language}}.pdf",
            svg=report(
                f"{RESULTS}/figures/{figure}-{{language}}.svg",
                category="Figures",
                caption="../report/figure.rst",
                labels={"figure": own.shows, "language": "{language}"},
            ),
        log:
            f"{RESULTS}/logs/draw_{figure}/{{language}}.log",
        localrule: True
        conda:
            PYTHON_ENVIRONMENT
        params:
            **PUBLISHED,
            code=code_of("draw_figure.py"),
            catalogues=hash_users(*CATALOGUES),
            fonts=hash_names(),
            figure=figure,
            files={name: DRAWN_FROM[name] for name in own.needs},
            titles=TITLES,
            networks={own.name: own.network for own in STUDY.contenders},
            weighed=list(STUDY.weighed),
            reference=STUDY.reference,
            margin=STUDY.margin,
            study=STUDY.name,
            twin=STUDY.report.compare_with,
        message:
            f"Drawing {own.shows} ({{wildcards.language}})"
        script:
            "../scripts/draw_figure.py"
