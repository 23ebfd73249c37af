/**
 * What the state of a machine is on its way: an image, that is bytes by their place, in pieces. A piece is an offset (8 bytes), a
 * length (4 bytes), big-endian, and so many bytes; it is a multiple of the page long and lies at one, but for the last one, which
 * ends where the image ends. Pieces ascend. One without bytes is the end: its offset is the size of the image. What no piece of a
 * whole state covers is zeroes; what no piece of a delta covers is as in its base.
 */
@NullMarked
package dev.unwrite.image;

import org.jspecify.annotations.NullMarked;
