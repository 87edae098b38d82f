"""What is to be seen in the photograph of six people, read off it by eye."""

import numpy as np

# (left eye, right eye, nose, left and right mouth corner) of each person, from left to right.
LANDMARKS = np.array(
    [
        [[86, 326], [127, 305], [117, 337], [114, 369], [149, 347]],
        [[287, 206], [320, 193], [304, 225], [311, 245], [339, 231]],
        [[494, 321], [545, 335], [510, 360], [484, 369], [530, 380]],
        [[761, 400], [804, 399], [774, 428], [767, 446], [804, 444]],
        [[917, 119], [949, 116], [921, 150], [935, 170], [961, 167]],
        [[1149, 323], [1195, 320], [1170, 345], [1157, 367], [1197, 363]],
    ],
    np.float32,
)
TOLERANCE = 10  # pixels; their eyes are 30 to 50 apart
