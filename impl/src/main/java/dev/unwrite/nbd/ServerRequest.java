package dev.unwrite.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One request, from its header to its reply ("Request types"). */
final class ServerRequest {
    /** What the server calls base:allocation on the wire. */
    static final int ALLOCATION_ID = 1;
    /** The longest run of bytes that the answer to a question about allocation has room for; a multiple of all blocks. */
    private static final long TOLD_BYTES_MAX = 1L << 31;
    /** So many parts are told of at most; the client may ask again for the rest. */
    private static final int TOLD_PARTS_MAX = 1024;

    private final ServerConnection connection;
    private final ServerHandshake.Chosen chosen;
    private final BufferPool pool;
    private final int flags;
    private final long cookie;
    private final long offset;
    final int type;
    final long length;

    @Nullable
    ByteBuffer payload;

    /** Whether the payload is one of the pool's; else only its share of memory is. */
    boolean isPooled;

    /** The answer to a question about allocation. */
    private List<Allocation> allocation = List.of();

    private int error;
    private String message = "";

    ServerRequest(
            ServerConnection connection,
            ServerHandshake.Chosen chosen,
            BufferPool pool,
            int type,
            int flags,
            long cookie,
            long offset,
            long length) {
        this.connection = connection;
        this.chosen = chosen;
        this.pool = pool;
        this.type = type;
        this.flags = flags;
        this.cookie = cookie;
        this.offset = offset;
        this.length = length;
    }

    /** Whether the device may be asked; if not, the error to reply is set ("Error values"). */
    boolean validate() {
        int allowed = NbdWire.CMD_FLAG_FUA;
        switch (type) {
            case NbdWire.CMD_READ -> allowed |= chosen.structured() ? NbdWire.CMD_FLAG_DF : 0;
            case NbdWire.CMD_WRITE_ZEROES ->
                allowed |= NbdWire.CMD_FLAG_NO_HOLE | (chosen.export().fastZero() ? NbdWire.CMD_FLAG_FAST_ZERO : 0);
            case NbdWire.CMD_BLOCK_STATUS -> {
                if (!chosen.allocation()) {
                    return fail(NbdError.EINVAL, "base:allocation was not agreed upon");
                }
                allowed |= NbdWire.CMD_FLAG_REQ_ONE;
            }
            case NbdWire.CMD_WRITE, NbdWire.CMD_FLUSH, NbdWire.CMD_TRIM, NbdWire.CMD_CACHE -> {}
            default -> {
                return fail(NbdError.EINVAL, "unknown command " + type);
            }
        }
        if ((flags & ~allowed) != 0) {
            return fail(
                    NbdError.EINVAL, "flags 0x" + Integer.toHexString(flags & ~allowed) + " are not for this command");
        }
        if (type == NbdWire.CMD_FLUSH) {
            return (offset == 0 && length == 0) || fail(NbdError.EINVAL, "a flush has no offset and no length");
        }
        return validateRange();
    }

    private boolean validateRange() {
        boolean changes = changesData();
        if (changes && (chosen.flags() & NbdWire.FLAG_READ_ONLY) != 0) {
            return fail(NbdError.EPERM, "the export is read only");
        }
        if ((type == NbdWire.CMD_READ || type == NbdWire.CMD_WRITE)
                && length > chosen.export().maximumPayload()) {
            // EOVERFLOW is for clients that may ask for unfragmented reads ("Error values").
            boolean overflow = type == NbdWire.CMD_READ && chosen.structured();
            return fail(overflow ? NbdError.EOVERFLOW : NbdError.EINVAL, "longer than the maximum payload");
        }
        if (offset < 0 || length > chosen.size() - offset) {
            boolean noSpace = type == NbdWire.CMD_WRITE || type == NbdWire.CMD_WRITE_ZEROES;
            return fail(noSpace ? NbdError.ENOSPC : NbdError.EINVAL, "beyond the end of the export");
        }
        if (type == NbdWire.CMD_BLOCK_STATUS && length == 0) {
            return fail(NbdError.EINVAL, "a question about no bytes");
        }
        int unaligned = chosen.export().minimumBlock() - 1;
        if (((offset | length) & unaligned) != 0) {
            return fail(NbdError.EINVAL, "not a multiple of " + (unaligned + 1) + " bytes");
        }
        return true;
    }

    /** Whether it may take much longer than a read or a write, so that no other should wait for it. */
    boolean isSlow() {
        boolean small = type == NbdWire.CMD_READ || type == NbdWire.CMD_WRITE;
        return !small || (flags & NbdWire.CMD_FLAG_FUA) != 0 || length > BufferPool.SMALL_BYTES;
    }

    private boolean changesData() {
        return type == NbdWire.CMD_WRITE || type == NbdWire.CMD_WRITE_ZEROES || type == NbdWire.CMD_TRIM;
    }

    boolean fail(int number, @Nullable String text) {
        error = number > 0 ? number : NbdError.EIO;
        message = text == null ? "" : text;
        return false;
    }

    /** Has a device that blocks carry it out. */
    void run() {
        try {
            RequestCookie.serving(cookie, this::execute);
        } catch (NbdException e) {
            fail(e.error(), e.getMessage());
        } catch (IOException e) {
            fail(NbdError.EIO, e.getMessage());
        } catch (RuntimeException | Error e) {
            connection.log("request of type " + type, e);
            fail(NbdError.EIO, e.toString());
        }
    }

    /** Has a device that answers later carry it out; {@code answered} runs when it has. */
    void execute(AsyncDevice device, Runnable answered) {
        if (connection.isClosing()) {
            fail(NbdError.ESHUTDOWN, "the connection is closed");
            answered.run();
            return;
        }
        boolean fua = (flags & NbdWire.CMD_FLAG_FUA) != 0;
        Completion<Boolean> done = answer(result -> {}, answered);
        if (length == 0 && type != NbdWire.CMD_FLUSH) {
            answered.run();
            return;
        }
        switch (type) {
            case NbdWire.CMD_FLUSH -> device.flush(done);
            case NbdWire.CMD_READ -> device.read(offset, (int) length, answer(bytes -> payload = bytes, answered));
            case NbdWire.CMD_WRITE -> device.write(offset, Objects.requireNonNull(payload), fua, done);
            case NbdWire.CMD_TRIM -> device.trim(offset, length, fua, done);
            case NbdWire.CMD_WRITE_ZEROES ->
                device.writeZeroes(offset, length, (flags & NbdWire.CMD_FLAG_NO_HOLE) != 0, fua, done);
            case NbdWire.CMD_BLOCK_STATUS -> {
                allocation = List.of(Allocation.data(Math.min(length, TOLD_BYTES_MAX)));
                answered.run();
            }
            // CACHE is a hint that may be ignored.
            default -> answered.run();
        }
    }

    private <T> Completion<T> answer(Consumer<T> result, Runnable answered) {
        return new Completion<>() {
            @Override
            public void done(T value) {
                result.accept(value);
                answered.run();
            }

            @Override
            public void failed(int number, String why) {
                fail(number, why);
                answered.run();
            }
        };
    }

    private void execute() throws IOException {
        BlockDevice device = chosen.export().device();
        boolean fua = (flags & NbdWire.CMD_FLAG_FUA) != 0;
        if (type == NbdWire.CMD_READ && length > 0) {
            payload = pool.take((int) length);
            isPooled = true;
        }
        // The last look before the device: whoever closes the connection waits for all who have passed here.
        if (connection.isClosing()) {
            fail(NbdError.ESHUTDOWN, "the connection is closed");
            return;
        }
        switch (type) {
            case NbdWire.CMD_FLUSH -> device.flush();
            case NbdWire.CMD_READ -> {
                if (payload != null) {
                    device.read(offset, payload);
                    payload.flip();
                }
            }
            case NbdWire.CMD_WRITE -> {
                if (payload != null && length > 0) {
                    device.write(offset, payload, fua);
                }
            }
            case NbdWire.CMD_TRIM -> {
                if (length > 0) {
                    device.trim(offset, length, fua);
                }
            }
            case NbdWire.CMD_BLOCK_STATUS -> {
                int parts = (flags & NbdWire.CMD_FLAG_REQ_ONE) != 0 ? 1 : TOLD_PARTS_MAX;
                List<Allocation> all = device.allocation(offset, Math.min(length, TOLD_BYTES_MAX));
                allocation = all.subList(0, Math.min(parts, all.size()));
            }
            case NbdWire.CMD_WRITE_ZEROES -> {
                if (length > 0) {
                    device.writeZeroes(offset, length, (flags & NbdWire.CMD_FLAG_NO_HOLE) != 0, fua);
                }
            }
            default -> {
                // CACHE is a hint that may be ignored.
            }
        }
    }

    /** Sends the reply; what the request holds is free once that is done. */
    void emit(ServerStream out) {
        boolean structured =
                chosen.structured() && (error != 0 || type == NbdWire.CMD_READ || type == NbdWire.CMD_BLOCK_STATUS);
        ByteBuffer data = type == NbdWire.CMD_READ && error == 0 ? payload : null;
        if (structured) {
            emitStructured(out, data);
        } else {
            out.header(16).putInt(NbdWire.SIMPLE_REPLY_MAGIC).putInt(error).putLong(cookie);
        }
        if (data == null) {
            emitted();
        } else {
            out.payload(data, this::emitted);
        }
    }

    private void emitStructured(ServerStream out, @Nullable ByteBuffer data) {
        if (error != 0) {
            byte[] text = Strings.encode(message);
            chunkHeader(out, NbdWire.REPLY_TYPE_ERROR, 6 + text.length);
            out.header(6).putInt(error).putShort((short) text.length);
            out.payload(ByteBuffer.wrap(text), () -> {});
        } else if (type == NbdWire.CMD_BLOCK_STATUS) {
            chunkHeader(out, NbdWire.REPLY_TYPE_BLOCK_STATUS, 4 + 8 * allocation.size());
            out.header(4).putInt(ALLOCATION_ID);
            for (Allocation part : allocation) {
                int state = (part.hole() ? NbdWire.STATE_HOLE : 0) | (part.zero() ? NbdWire.STATE_ZERO : 0);
                out.header(8).putInt((int) part.length()).putInt(state);
            }
        } else if (data != null) {
            chunkHeader(out, NbdWire.REPLY_TYPE_OFFSET_DATA, 8 + (int) length);
            out.header(8).putLong(offset);
        } else {
            chunkHeader(out, NbdWire.REPLY_TYPE_NONE, 0);
        }
    }

    private void chunkHeader(ServerStream out, int chunkType, int bytes) {
        out.header(20)
                .putInt(NbdWire.STRUCTURED_REPLY_MAGIC)
                .putShort((short) NbdWire.REPLY_FLAG_DONE)
                .putShort((short) chunkType)
                .putLong(cookie)
                .putInt(bytes);
    }

    /** The reply is sent, or never will be: what it holds is free. */
    void emitted() {
        ByteBuffer buffer = payload;
        payload = null;
        if (buffer == null) {
            return;
        }
        if (isPooled) {
            pool.give(buffer);
        } else if (type == NbdWire.CMD_WRITE) {
            pool.giveShare((int) length);
        }
    }
}
