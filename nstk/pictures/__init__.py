"""Pictures: files to arrays and back.

Everywhere in nstk a picture is an array height x width x 3, RGB in sRGB, 0..255, upright. Other rooms import from here, and the
modules hold:

    pixels      sizes and number types of arrays
    alpha       transparency, and the colours under it
    original    the pictures that a run reads, each decoded and hashed once
    in_memory   the pictures that are given in Python: arrays, images, bytes
    read        from a file to an array
    formats     who decodes a file
    kinds       what a file is that is no picture
    png, jpeg, tiff, jpeg2000, jpeg_xl, heif, netpbm, psd, sgi
                what Pillow does not read, or not whole, of a format; boxes is what several of them are made of
    small       large pictures made small while they are read; png_rows does so with a PNG
    levels      which number of a deep picture is white
    notes       warnings, each said once
    write       from an array to a file
    contact_sheet
                several pictures on one sheet, with captions
    names       what the files beside a picture are called
    high_depth  pictures of more than 8 bits a channel
    icc         colour profiles
    colour_space
                the colour spaces that are told in numbers, and the way from there to sRGB; hdr is what is brighter than paper
    colour_told, colour_png, colour_exif, colour_formats
                in which of them a file says that it is
    exif        the notes of a camera that still hold
    metadata    the text that says how a picture was made
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .alpha import filled as filled, over_white as over_white, resize_alpha as resize_alpha
from .exif import without_place as without_place
from .in_memory import given as given, is_picture as is_picture
from .metadata import read_metadata as read_metadata
from .names import READ as READ, base_name as base_name
from .original import (
    PREFIX as PREFIX,
    Original as Original,
    check_picture as check_picture,
    read_all as read_all,
    read_alpha as read_alpha,
    read_picture as read_picture,
    read_small as read_small,
)
from .pixels import MIN_SIDE as MIN_SIDE, fit as fit, fits as fits, resize as resize, scaled as scaled, to_uint8 as to_uint8
from .read import Picture as Picture
from .write import FORMATS as FORMATS, check_output as check_output, holds as holds, write_picture as write_picture

if TYPE_CHECKING:
    from .in_memory import PictureLike as PictureLike
