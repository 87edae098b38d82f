"""Pictures for people: a run as one page that needs nothing but a browser, and marked videos.

tables.py   the run's tables, checked and grouped by video and track
points.py   a track's windows as a few bytes, and how fine they can be for the page to stay small
faces.py    a small picture of each track, from the videos themselves
page.py     all of it as what the page reads
write.py    the HTML file
assets/     the page: HTML, CSS and JavaScript
render.py   a video with its faces marked or hidden; marks.py and draw.py do its parts
"""
