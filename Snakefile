# The front door for plain `snakemake` in this folder; the workflow itself is workflow/Snakefile.


include: "workflow/Snakefile"


# What an included file calls its default target does not count.
localrules:
    report,


rule report:
    default_target: True
    input:
        rules.all.input,
