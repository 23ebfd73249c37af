package dev.unwrite.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads the replies of a server and hands each to the request that waits for it ("Simple reply", "Structured reply"). */
final class ReplyReader {
    private static final ByteBuffer ZEROES = ByteBuffer.allocateDirect(64 << 10).asReadOnlyBuffer();

    private final WireInput in;
    private final Map<Long, ClientRequest> pending;
    private final boolean structured;
    private final @Nullable Integer allocationId;

    /** {@code allocationId}: as what the server knows base:allocation; null if it was not agreed upon. */
    ReplyReader(WireInput in, Map<Long, ClientRequest> pending, boolean structured, @Nullable Integer allocationId) {
        this.in = in;
        this.pending = pending;
        this.structured = structured;
        this.allocationId = allocationId;
    }

    /** Returns when the server ends the stream between two replies. */
    void run() throws IOException {
        while (in.awaitMessage(16)) {
            int magic = in.getInt();
            if (magic == NbdWire.SIMPLE_REPLY_MAGIC) {
                simple();
            } else if (magic == NbdWire.STRUCTURED_REPLY_MAGIC && structured) {
                chunk();
            } else {
                throw broken("a reply with magic 0x" + Integer.toHexString(magic));
            }
        }
    }

    private void simple() throws IOException {
        int error = in.getInt();
        ClientRequest request = request(in.getLong());
        if (error != 0) {
            request.fail(error(error, null));
        } else if (request.target != null) {
            if (structured) {
                throw broken("a simple reply to a read");
            }
            in.readFully(request.target.duplicate());
        } else if (request.type == NbdWire.CMD_BLOCK_STATUS) {
            throw broken("a simple reply to a question about allocation");
        }
        finish(request);
    }

    private void chunk() throws IOException {
        int flags = in.getShort();
        int type = Short.toUnsignedInt(in.getShort());
        ClientRequest request = request(in.getLong());
        in.need(4);
        long length = Integer.toUnsignedLong(in.getInt());
        switch (type) {
            case NbdWire.REPLY_TYPE_NONE -> {
                if (length != 0 || (flags & NbdWire.REPLY_FLAG_DONE) == 0) {
                    throw broken("a malformed last chunk");
                }
            }
            case NbdWire.REPLY_TYPE_OFFSET_DATA -> data(request, length);
            case NbdWire.REPLY_TYPE_OFFSET_HOLE -> hole(request, length);
            case NbdWire.REPLY_TYPE_BLOCK_STATUS -> allocation(request, length);
            default -> {
                if ((type & NbdWire.REPLY_TYPE_ERR) == 0) {
                    throw broken("a chunk of unknown type " + type);
                }
                error(request, length);
            }
        }
        if ((flags & NbdWire.REPLY_FLAG_DONE) != 0) {
            if (request.target != null && request.received.bytes() != request.length) {
                // Not all of it came: without an error that is a breach, with one it is what was to be expected.
                request.fail(new NbdException(NbdError.EIO, "the server sent only a part of the data"));
            }
            if (request.type == NbdWire.CMD_BLOCK_STATUS && request.told.isEmpty()) {
                request.fail(new NbdException(NbdError.EIO, "the server did not say what is allocated"));
            }
            finish(request);
        }
    }

    private void allocation(ClientRequest request, long length) throws IOException {
        if (allocationId == null
                || request.type != NbdWire.CMD_BLOCK_STATUS
                || !request.told.isEmpty()
                || length < 12
                || length % 8 != 4) {
            throw broken("a malformed answer about allocation");
        }
        in.need(4);
        if (in.getInt() != allocationId) {
            throw broken("an answer about something that was not asked for");
        }
        for (long left = length - 4; left > 0; left -= 8) {
            in.need(8);
            long bytes = Integer.toUnsignedLong(in.getInt());
            if (bytes == 0) {
                throw broken("an answer about no bytes");
            }
            request.told.add(bytes, in.getInt());
        }
    }

    private void data(ClientRequest request, long length) throws IOException {
        if (length < 9) {
            throw broken("a data chunk without data");
        }
        in.need(8);
        in.readFully(part(request, in.getLong(), length - 8));
    }

    private void hole(ClientRequest request, long length) throws IOException {
        if (length != 12) {
            throw broken("a malformed hole");
        }
        in.need(12);
        ByteBuffer hole = part(request, in.getLong(), Integer.toUnsignedLong(in.getInt()));
        while (hole.hasRemaining()) {
            hole.put(ZEROES.slice(0, Math.min(hole.remaining(), ZEROES.capacity())));
        }
    }

    /** The piece of the target that a content chunk is for. */
    private static ByteBuffer part(ClientRequest request, long offset, long length) throws IOException {
        ByteBuffer target = request.target;
        if (target == null
                || length == 0
                || length > request.length
                || offset < request.offset
                || offset - request.offset > request.length - length) {
            throw broken("data that was not asked for");
        }
        int from = (int) (offset - request.offset);
        // Data that came twice would stand for data that never came.
        if (!request.received.add(from, (int) length)) {
            throw broken("data that overlaps, or is in too many pieces");
        }
        return target.slice(target.position() + from, (int) length);
    }

    private void error(ClientRequest request, long length) throws IOException {
        if (length < 6) {
            throw broken("a malformed error chunk");
        }
        in.need(6);
        int number = in.getInt();
        int textLength = Short.toUnsignedInt(in.getShort());
        if (textLength > length - 6 || length > 6 + NbdWire.STRING_BYTES_MAX + 64) {
            throw broken("a malformed error chunk");
        }
        String text = Strings.decode(in.readBytes(textLength));
        in.skip(length - 6 - textLength);
        request.fail(error(number, text));
    }

    private ClientRequest request(long cookie) throws IOException {
        ClientRequest request = pending.get(cookie);
        if (request == null) {
            throw broken("a reply to a request that was never made");
        }
        return request;
    }

    private void finish(ClientRequest request) {
        pending.remove(request.cookie);
        request.complete();
    }

    /** Unknown numbers count as EINVAL ("Error values"). */
    private static NbdException error(int number, @Nullable String text) {
        int known = switch (number) {
            case NbdError.EPERM,
                    NbdError.EIO,
                    NbdError.ENOMEM,
                    NbdError.ENOSPC,
                    NbdError.EOVERFLOW,
                    NbdError.ENOTSUP,
                    NbdError.ESHUTDOWN -> number;
            default -> NbdError.EINVAL;
        };
        String why =
                text == null || text.isEmpty() ? "the server answered with error " + number : Strings.oneLine(text);
        return new NbdException(known, why);
    }

    private static IOException broken(String what) {
        return new IOException("the server breaks the protocol: " + what);
    }
}
