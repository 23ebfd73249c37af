package dev.unwrite.nbd;

import dev.unwrite.net.Stream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A client's connection in the transmission phase: sends requests, and hands each reply to the request that waits for it
 * ("Simple reply", "Structured reply"). For the loop's thread only.
 */
final class ClientStream extends Stream {
    /** Requests on the way at once; further ones wait. */
    private static final int UNDER_WAY_MAX = 256;
    /** A chunk without data that is longer than that is no honest one. */
    private static final int CHUNK_BYTES_MAX = 1 << 20;

    private static final ByteBuffer ZEROES = ByteBuffer.allocate(64 << 10).asReadOnlyBuffer();

    private final boolean structured;
    private final @Nullable Integer allocationId;
    /** Makes of the reason what requests are told. */
    private final UnaryOperator<IOException> onEnd;

    private final Map<Long, ClientRequest> pending = new LinkedHashMap<>();
    private final Deque<ClientRequest> waiting = new ArrayDeque<>();
    private @Nullable IOException failure;

    /** Whose reply arrives now, and, of a structured one, the type and flags of its chunk. */
    private @Nullable ClientRequest current;

    private int chunkType = -1;
    private int chunkFlags;

    /** {@code allocationId}: as what the server knows base:allocation; null if it was not agreed upon. */
    ClientStream(
            SocketChannel channel,
            ByteBuffer alreadyRead,
            boolean structured,
            @Nullable Integer allocationId,
            UnaryOperator<IOException> onEnd) {
        super(channel);
        this.structured = structured;
        this.allocationId = allocationId;
        this.onEnd = onEnd;
        begin(alreadyRead);
    }

    // ---- Requests.

    void start(ClientRequest request) {
        IOException gone = failure;
        if (gone != null) {
            request.fail(gone);
            request.complete();
        } else if (pending.size() >= UNDER_WAY_MAX) {
            waiting.add(request);
        } else {
            pending.put(request.cookie, request);
            request.emit(this);
        }
    }

    /** Takes leave of the server. */
    void disconnect() {
        if (failure == null) {
            ClientRequest.plain(NbdWire.CMD_DISC, 0, 0, 0).emit(this);
        }
    }

    /** Requests without an answer. */
    Collection<ClientRequest> pending() {
        return pending.values();
    }

    ByteBuffer header(int bytes) {
        return frame(bytes);
    }

    /** The buffer stays the request's until the answer is there. */
    void payload(ByteBuffer bytes) {
        send(bytes, () -> {});
    }

    // ---- Replies.

    @Override
    protected void received(ByteBuffer in) throws IOException {
        if (in.remaining() < 16) {
            return;
        }
        int magic = in.getInt(in.position());
        if (magic == NbdWire.SIMPLE_REPLY_MAGIC) {
            simple(in);
        } else if (magic == NbdWire.STRUCTURED_REPLY_MAGIC && structured) {
            chunk(in);
        } else {
            throw broken("a reply with magic 0x" + Integer.toHexString(magic));
        }
    }

    private void simple(ByteBuffer in) throws IOException {
        int at = in.position();
        int error = in.getInt(at + 4);
        ClientRequest request = request(in.getLong(at + 8));
        in.position(at + 16);
        if (error != 0) {
            request.fail(error(error, null));
        } else if (request.target != null) {
            if (structured) {
                throw broken("a simple reply to a read");
            }
            current = request;
            chunkType = -1;
            expect(request.target.duplicate());
            return;
        } else if (request.type == NbdWire.CMD_BLOCK_STATUS) {
            throw broken("a simple reply to a question about allocation");
        }
        finish(request);
    }

    private void chunk(ByteBuffer in) throws IOException {
        if (in.remaining() < 20) {
            return;
        }
        int at = in.position();
        int flags = in.getShort(at + 4);
        int type = Short.toUnsignedInt(in.getShort(at + 6));
        ClientRequest request = request(in.getLong(at + 8));
        long length = Integer.toUnsignedLong(in.getInt(at + 16));
        ByteBuffer rest;
        int header = 20;
        if (type == NbdWire.REPLY_TYPE_OFFSET_DATA) {
            if (length < 9) {
                throw broken("a data chunk without data");
            }
            if (in.remaining() < 28) {
                return;
            }
            header = 28;
            rest = part(request, in.getLong(at + 20), length - 8);
        } else {
            if (length > CHUNK_BYTES_MAX) {
                throw broken("a chunk of " + length + " bytes");
            }
            rest = ByteBuffer.allocate((int) length);
        }
        in.position(at + header);
        current = request;
        chunkType = type;
        chunkFlags = flags;
        expect(rest);
    }

    @Override
    protected void receivedBody(ByteBuffer body) throws IOException {
        ClientRequest request = current;
        current = null;
        if (request == null) {
            return;
        }
        if (chunkType == -1) {
            finish(request);
            return;
        }
        switch (chunkType) {
            case NbdWire.REPLY_TYPE_NONE -> {
                if (body.hasRemaining() || (chunkFlags & NbdWire.REPLY_FLAG_DONE) == 0) {
                    throw broken("a malformed last chunk");
                }
            }
            case NbdWire.REPLY_TYPE_OFFSET_DATA -> {}
            case NbdWire.REPLY_TYPE_OFFSET_HOLE -> hole(request, body);
            case NbdWire.REPLY_TYPE_BLOCK_STATUS -> allocation(request, body);
            default -> {
                if ((chunkType & NbdWire.REPLY_TYPE_ERR) == 0) {
                    throw broken("a chunk of unknown type " + chunkType);
                }
                error(request, body);
            }
        }
        if ((chunkFlags & NbdWire.REPLY_FLAG_DONE) != 0) {
            last(request);
        }
    }

    private void last(ClientRequest request) {
        if (request.target != null && request.received.bytes() != request.length) {
            // Not all of it came: without an error that is a breach, with one it is what was to be expected.
            request.fail(new NbdException(NbdError.EIO, "the server sent only a part of the data"));
        }
        if (request.type == NbdWire.CMD_BLOCK_STATUS && request.told.isEmpty()) {
            request.fail(new NbdException(NbdError.EIO, "the server did not say what is allocated"));
        }
        finish(request);
    }

    private void allocation(ClientRequest request, ByteBuffer body) throws IOException {
        if (allocationId == null
                || request.type != NbdWire.CMD_BLOCK_STATUS
                || !request.told.isEmpty()
                || body.remaining() < 12
                || body.remaining() % 8 != 4) {
            throw broken("a malformed answer about allocation");
        }
        if (body.getInt() != allocationId) {
            throw broken("an answer about something that was not asked for");
        }
        while (body.hasRemaining()) {
            long bytes = Integer.toUnsignedLong(body.getInt());
            if (bytes == 0) {
                throw broken("an answer about no bytes");
            }
            request.told.add(bytes, body.getInt());
        }
    }

    private static void hole(ClientRequest request, ByteBuffer body) throws IOException {
        if (body.remaining() != 12) {
            throw broken("a malformed hole");
        }
        ByteBuffer hole = part(request, body.getLong(), Integer.toUnsignedLong(body.getInt()));
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

    private static void error(ClientRequest request, ByteBuffer body) throws IOException {
        if (body.remaining() < 6) {
            throw broken("a malformed error chunk");
        }
        int number = body.getInt();
        int textLength = Short.toUnsignedInt(body.getShort());
        if (textLength > body.remaining() || body.remaining() > NbdWire.STRING_BYTES_MAX + 64) {
            throw broken("a malformed error chunk");
        }
        byte[] text = new byte[textLength];
        body.get(text);
        request.fail(error(number, Strings.decode(text)));
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
        ClientRequest next = waiting.poll();
        if (next != null) {
            start(next);
        }
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

    // ---- The end.

    /** From here on nobody touches the buffers of the requests. */
    @Override
    protected void ended(IOException why) {
        IOException told = onEnd.apply(why);
        failure = told;
        List<ClientRequest> all = new ArrayList<>(pending.values());
        all.addAll(waiting);
        pending.clear();
        waiting.clear();
        for (ClientRequest request : all) {
            request.fail(told);
            request.complete();
        }
    }
}
