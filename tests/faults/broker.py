"""What a test does to the broker's topics: lose one, trim one, read one."""

from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete
from aiokafka.errors import NoError, TopicAlreadyExistsError, for_code

from services.cli.topics import ensure_topics
from shared.events.catalog import topics
from tests.faults.fleet import Fleet
from tests.support.waiting import until


async def lose(fleet: Fleet, names: Sequence[str], partitions: int | None = None) -> None:
    """Delete topics and make them anew, empty, as an operator would after the loss; `partitions` other than declared
    for one who makes a mistake."""
    admin = AIOKafkaAdminClient(bootstrap_servers=fleet.kafka)
    await admin.start()
    try:
        await admin.delete_topics([fleet.prefix + name for name in names])

        async def gone() -> bool:
            return not {fleet.prefix + name for name in names} & set(await admin.list_topics())

        await until(gone)
        if partitions is not None:

            async def made() -> bool:
                answer = await admin.create_topics([NewTopic(fleet.prefix + name, partitions, 1) for name in names])
                codes = [for_code(error[1]) for error in answer.topic_errors]
                return all(code in (NoError, TopicAlreadyExistsError) for code in codes)

            await until(made)
            return
    finally:
        await admin.close()
    await ensure_topics(fleet.kafka, fleet.prefix)


async def trim(fleet: Fleet, topic: str) -> None:
    """Delete all that stands on a topic, as retention does."""
    admin = AIOKafkaAdminClient(bootstrap_servers=fleet.kafka)
    await admin.start()
    try:
        places = [TopicPartition(fleet.prefix + topic, n) for n in range(topics()[topic].partitions)]
        await admin.delete_records({place: RecordsToDelete(before_offset=-1) for place in places})
    finally:
        await admin.close()


async def ids_on(fleet: Fleet, topic: str) -> list[str]:
    """The ids of the events that stand on a topic, by partition and offset."""
    places = [TopicPartition(fleet.prefix + topic, n) for n in range(topics()[topic].partitions)]
    consumer = AIOKafkaConsumer(bootstrap_servers=fleet.kafka, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign(places)
        begins, ends = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
        for place in places:
            consumer.seek(place, begins[place])
        found: dict[TopicPartition, list[str]] = {place: [] for place in places}
        while any([await consumer.position(place) < ends[place] for place in places]):
            for place, records in (await consumer.getmany(timeout_ms=200)).items():
                found[place] += [dict(record.headers)["ce_id"].decode() for record in records]
        return [id for place in places for id in found[place]]
    finally:
        await consumer.stop()
