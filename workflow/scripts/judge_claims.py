import hashlib
import json
from pathlib import Path

import pandas as pd

from timbang.data.records import write_table
from timbang.evidence.claims import make_claim, read_claims
from timbang.evidence.contrasts import Design
from timbang.evidence.verdicts import (
    decide_contrasts,
    describe_verdict,
    judge_claims,
    tabulate_decisions,
)
from timbang.logs import log_to

with log_to(snakemake.log[0]) as log:
    params = snakemake.params
    runs = pd.read_csv(snakemake.input.runs)
    design = Design(params.scheme, runs["train_images"].mean(), runs["validation_images"].mean())
    claims = read_claims([Path(path) for path in snakemake.input.claims])
    claims += [make_claim(name, own, f"claims.{name}") for name, own in params.claims.items()]
    pairs = [(name, params.reference) for name in params.contrasts]
    decisions = [
        decision
        for measure in ("accuracy", "late_accuracy")
        for decision in decide_contrasts(runs, pairs, design, params.margin, measure)
    ]
    write_table(tabulate_decisions(decisions), Path(snakemake.output.contrasts))
    content = Path(snakemake.input.runs).read_bytes()
    files = {Path(snakemake.input.runs).name: hashlib.sha256(content).hexdigest()}
    verdicts = judge_claims(claims, runs, pairs, design, params.margin)
    written = [describe_verdict(verdict, files) for verdict in verdicts]
    text = json.dumps(written, indent=2, ensure_ascii=False, allow_nan=False)
    Path(snakemake.output.verdicts).write_text(text + "\n", encoding="utf-8")
    for verdict in verdicts:
        log.info("%s: %s", verdict.claim.name, verdict.verdict)
