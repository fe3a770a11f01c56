"""What one writes first: a dict for each line, a dict of groups, and pyarrow for the file."""

import io
import json
import os

import pyarrow as pa
import pyarrow.parquet as pq


VOLUME = os.environ.get("VOLUME", "/data")


def handler(context, event):
    name = event.headers.get("X-File")
    if name is None:
        return parquet(aggregate(event.body.decode().split("\n")))
    with open(os.path.join(VOLUME, name), encoding="utf-8") as lines:
        return parquet(aggregate(lines))


def aggregate(lines):
    groups = {}
    for line in lines:
        try:
            reading = json.loads(line)
            key = reading["device"], reading["ts"] // 60000
            value = reading["value"]
        except (ValueError, KeyError):
            continue
        group = groups.get(key)
        if group is None:
            groups[key] = [1, value, value, value]
        else:
            group[0] += 1
            group[1] += value
            if value < group[2]:
                group[2] = value
            if value > group[3]:
                group[3] = value
    return groups


def parquet(groups):
    columns = {
        "device": pa.array([device for device, _ in groups], pa.string()),
        "minute": pa.array([minute * 60000 for _, minute in groups], pa.timestamp("ms")),
        "count": pa.array([group[0] for group in groups.values()], pa.int64()),
        "sum": pa.array([group[1] for group in groups.values()], pa.float64()),
        "min": pa.array([group[2] for group in groups.values()], pa.float64()),
        "max": pa.array([group[3] for group in groups.values()], pa.float64()),
    }
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()
