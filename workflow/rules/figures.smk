# The figures, each in every language of the report, as PDF for it and as SVG for the web.

# The published numbers to print, and what is in them: they are the user's file, and so no input.
PUBLISHED = {
    "published": lambda wildcards: STUDY.report.published,
    "published_sha256": hash_users(STUDY.report.published),
}
TITLES = {
    contender.name: title_contender(contender.name, contender.network)
    for contender in STUDY.contenders
}
WEIGHED = {name: TITLES[name] for name in STUDY.weighed}
TEXTS = f"{REPORT}/texts/{{language}}.yaml"
ALL_HISTORIES = expand(
    rules.train_network.output.history,
    contender=CONTENDERS,
    replicate=STUDY.replicates,
)
# In the order of hash_runs().
ALL_METRICS = expand(
    f"{RUN}/metrics.json",
    contender=CONTENDERS,
    replicate=STUDY.replicates,
)
ALL_SPLITS = expand(rules.split_images.output.split, replicate=STUDY.replicates)
RUNS = {"runs": rules.summarise_runs.output.runs}
IMAGES = {
    "manifest": rules.build_manifest.output.manifest,
    "pixels": rules.write_pixels.output.pixels,
}

# Of each figure: what it shows, what it is drawn from, and what its script is told besides.
FIGURES = {
    "curves": (
        "the training curves",
        {"files": ALL_HISTORIES},
        {"titles": TITLES, "histories": by_contender(rules.train_network.output.history)},
    ),
    "accuracies": ("the accuracy of every run", RUNS, {**PUBLISHED, "titles": TITLES}),
    "confusion": ("the confusion matrices", {"metrics": ALL_METRICS}, {"titles": WEIGHED}),
    "classes": ("the number of images of each class", {"splits": ALL_SPLITS}, {}),
    "samples": ("sample images of each class", IMAGES, {}),
    "duplicates": (
        "the duplicates",
        {"audit": rules.build_manifest.output.audit, **IMAGES},
        {},
    ),
    "leaks": ("the accuracy on leaked and on clean images", RUNS, {"titles": TITLES}),
    "twin": (
        f"the runs beside those of {STUDY.report.compare_with}",
        {**RUNS, "other_runs": of_twin("runs.csv")},
        {"titles": TITLES, "names": [STUDY.name, STUDY.report.compare_with]},
    ),
    "probes": (
        "the probes",
        {
            **RUNS,
            "probes": expand(
                rules.probe_run.output.probes,
                contender=CONTENDERS,
                replicate=STUDY.replicates,
            ),
        },
        {"titles": TITLES, "probes": by_contender(rules.probe_run.output.probes)},
    ),
}
# It has no words in it.
WITHOUT_WORDS = {"samples"}


for figure, (shown, drawn_from, told) in FIGURES.items():
    stem = figure if figure in WITHOUT_WORDS else f"{figure}-{{language}}"

    rule:
        name:
            f"draw_{figure}"
        input:
            **drawn_from,
            **({} if figure in WITHOUT_WORDS else {"texts": TEXTS}),
            reminder=if_from_elsewhere(f"{RESULTS}/figures/{stem}.pdf"),
        output:
            pdf=f"{RESULTS}/figures/{stem}.pdf",
            svg=report(
                f"{RESULTS}/figures/{stem}.svg",
                category="Figures",
                caption=f"../report/{figure}.rst",
                labels={
                    "figure": shown,
                    "language": "" if figure in WITHOUT_WORDS else "{language}",
                },
            ),
        log:
            f"{RESULTS}/logs/draw_{stem.replace('-', '/')}.log",
        localrule: True
        conda:
            PYTHON_ENVIRONMENT
        params:
            **told,
            code=code_of(f"draw_{figure}.py"),
            # What stands below script is looked up when it runs, and so cannot name the figure.
            script=f"draw_{figure}.py",
        message:
            f"Drawing {shown}" + ("" if figure in WITHOUT_WORDS else " ({wildcards.language})")
        script:
            "../scripts/{params.script}"
