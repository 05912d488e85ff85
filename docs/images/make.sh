#!/bin/sh
# Makes the pictures in this folder: the chat page, an annotated answer, and the chart of docs/performance.md. Needs Maven,
# Chromium and Python.
set -eu
cd "$(dirname -- "$0")/../.."
shots=$(mktemp -d)
trap 'rm -r "$shots"' EXIT

python3 src/test/python/performance_chart.py

mvn -q -B -ntp test -pl internvl-server -am -Dtest='ChatPageTest#looksAsTheReadmeShows' \
    -Dsurefire.failIfNoSpecifiedTests=false -Dinternvl.screenshots="$shots"
cp "$shots/chat-page.png" docs/images/chat-page.png

bin/internvl chat --model models/internvl-demo --image models/samples/shapes.png --annotate docs/images/annotated.png \
    "Please provide the bounding box coordinate of the region this sentence describes: <ref>green star</ref>"
