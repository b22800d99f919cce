from pathlib import Path

from timbang.logs import log_to
from timbang.records.made_with import make_record, write_record
from timbang.records.tables import read_split
from timbang.records.writing import write_table
from timbang.splits.nested import keep_share, split_for_choice

made_with = snakemake.params.made_with
whole = Path(snakemake.input.split)

with log_to(snakemake.log[0]) as log:
    split, replicate = read_split(whole), made_with["replicate"]
    if "choice" in made_with:
        split = split_for_choice(split, made_with["choice"], replicate)
    else:
        split = keep_share(split, made_with["share"], made_with["shares"], replicate)
    write_table(Path(snakemake.output.split), split)
    write_record(Path(snakemake.output.record), make_record(made_with, {"split": whole}))
    log.info("%s", split["part"].value_counts().to_dict())
