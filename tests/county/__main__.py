"""`python -m tests.county --n 20000 --seed 1`: a made county through the four services as processes; the last line says
how many matters name somebody wrong. Exit code 0 only for none.
"""

import argparse
import contextlib
import sys
import time

import asyncpg
import uvloop
from aiokafka import AIOKafkaProducer

from services.cli.migrate import SERVICES
from services.cli.providers import provide
from services.cli.replay.watch import Watch
from services.cli.stack import start_stack
from services.intake.config import DEFAULT
from shared.events.catalog import topics
from shared.postgres import Connection
from tests.county.judging import Verdict
from tests.county.making import END, county
from tests.county.running import ITEMS, lived


async def run(n: int, seed: int, provider: str) -> Verdict:
    """One county on infrastructure of its own."""
    made = county(n, seed)
    print(f"{n} matters, {len(made.prompt)} facts known in time, {len(made.late)} learned too late, seed {seed}")
    async with (
        provide(provider, durable=False) as infrastructure,
        start_stack(infrastructure, clock="simulated", start=END, catalogues=(DEFAULT, ITEMS)) as stack,
        contextlib.AsyncExitStack() as hands,
    ):
        conn: Connection = await asyncpg.connect(infrastructure.postgres)
        hands.push_async_callback(conn.close)
        producer = AIOKafkaProducer(bootstrap_servers=infrastructure.kafka, acks="all")
        await producer.start()
        hands.push_async_callback(producer.stop)
        watch = await Watch(conn, topics()).start()
        verdict = await lived(made, conn, producer, watch, infrastructure.kafka, stack.prefix)
        for service in SERVICES:
            dead = await conn.fetchval(f"select count(*) from {service}.dead_letters")
            verdict.wrong += [f"{service} has {dead} dead letters"] if dead else []
        refused = await conn.fetchval("select count(*) from intake.rejections")
        verdict.wrong += [f"intake refused {refused} submissions"] if refused else []
        return verdict


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.county", description=__doc__)
    parser.add_argument("--n", type=int, default=20_000, help="how many matters (20000)")
    parser.add_argument("--seed", type=int, default=1, help="of all that is made up (1)")
    parser.add_argument("--provider", default="embedded", help="where Kafka and Postgres come from (embedded)")
    wanted = parser.parse_args()
    begun = time.monotonic()
    verdict = uvloop.run(run(wanted.n, wanted.seed, wanted.provider))
    for line in verdict.wrong[:20]:
        print(line)
    print(f"{verdict}, seed {wanted.seed}, {time.monotonic() - begun:.0f} s")
    return 1 if verdict.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
