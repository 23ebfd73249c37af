package dev.unwrite.nbd;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The client's side of option haggling: private options, questions about exports, then {@link #go} or {@link #close}.
 * For one thread at a time. Every call ends within the timeout; {@link NbdDisconnectedException} says that the
 * connection is gone, {@link NbdRefusedException} that the server refused this one option.
 */
public final class NbdNegotiation implements Closeable {
    /** Numbers below belong to the protocol document. */
    private static final int PRIVATE_OPTION_MIN = 1 << 16;

    private final NbdUri uri;
    private final NbdClient.Settings settings;
    private final SocketChannel channel;
    private final WireInput in;
    private final WireOutput out;
    private final Watchdog.Watched watched = this::check;

    private volatile long deadline;
    private volatile boolean late;
    private boolean padded;
    private @Nullable Boolean structured;
    private @Nullable Integer allocationId;
    private boolean over;

    private NbdNegotiation(NbdUri uri, NbdClient.Settings settings, SocketChannel channel) {
        this.uri = uri;
        this.settings = settings;
        this.channel = channel;
        this.in = new WireInput(channel);
        this.out = new WireOutput(channel);
    }

    /** Connects with default settings. The export that the URI names is not used here. */
    public static NbdNegotiation open(NbdUri uri) throws IOException {
        return open(uri, NbdClient.Settings.DEFAULT);
    }

    /** Connects and exchanges the first greetings (fixed newstyle). */
    public static NbdNegotiation open(NbdUri uri, NbdClient.Settings settings) throws IOException {
        NbdNegotiation negotiation = new NbdNegotiation(uri, settings, Sockets.open(uri));
        Watchdog.watch(negotiation.watched);
        negotiation.timed("connect", () -> {
            negotiation.channel.connect(Sockets.resolve(uri));
            Sockets.tune(negotiation.channel);
            negotiation.greet();
            return true;
        });
        return negotiation;
    }

    private void greet() throws IOException {
        in.need(16);
        if (in.getLong() != NbdWire.INIT_MAGIC) {
            throw new IOException("this is not an NBD server");
        }
        if (in.getLong() != NbdWire.OPTION_MAGIC) {
            throw new IOException("the server speaks the old handshake, which is not supported");
        }
        in.need(2);
        int flags = in.getShort();
        if ((flags & NbdWire.FLAG_FIXED_NEWSTYLE) == 0) {
            throw new IOException("the server does not speak the fixed newstyle handshake");
        }
        padded = (flags & NbdWire.FLAG_NO_ZEROES) == 0;
        // The greeting must not set a flag that the server did not offer ("Client flags").
        out.header(4).putInt(flags & (NbdWire.FLAG_FIXED_NEWSTYLE | NbdWire.FLAG_NO_ZEROES));
        out.flush();
    }

    /**
     * Sends a private option and returns the payload of the server's reply, empty if it had none.
     *
     * @throws NbdRefusedException if the server does not know the option or refused it
     */
    public byte[] option(int number, byte[] payload) throws IOException {
        if (number >= 0 && number < PRIVATE_OPTION_MIN) {
            throw new IllegalArgumentException("option " + number + " belongs to the protocol");
        }
        if (payload.length > NbdServer.OPTION_BYTES_MAX) {
            throw new IllegalArgumentException("an option takes at most " + NbdServer.OPTION_BYTES_MAX + " bytes");
        }
        return timed("option", () -> {
            send(number, payload);
            byte[] answer = new byte[0];
            for (Reply reply = receive(number); reply.type() != NbdWire.REP_ACK; reply = receive(number)) {
                if (reply.type() != number) {
                    throw reply.unexpected();
                }
                answer = reply.data();
            }
            return answer;
        });
    }

    /** The exports that the server tells of. */
    public List<ExportSource.Listing> list() throws IOException {
        return timed("list", () -> {
            send(NbdWire.OPT_LIST, new byte[0]);
            List<ExportSource.Listing> listings = new ArrayList<>();
            for (Reply reply = receive(NbdWire.OPT_LIST);
                    reply.type() != NbdWire.REP_ACK;
                    reply = receive(NbdWire.OPT_LIST)) {
                if (reply.type() != NbdWire.REP_SERVER || listings.size() == NbdServer.LISTED_EXPORTS_MAX) {
                    throw reply.unexpected();
                }
                listings.add(reply.listing());
            }
            return listings;
        });
    }

    /** What the server tells about an export, without opening it. */
    public ExportInfo info(String export) throws IOException {
        return timed("info", () -> ask(NbdWire.OPT_INFO, export));
    }

    /** Opens an export; this object is used up on success, and {@link #close} then does nothing. */
    public NbdClient go(String export) throws IOException {
        ExportInfo info = timed("go", () -> {
            negotiateStructured();
            negotiateAllocation(export);
            try {
                return ask(NbdWire.OPT_GO, export);
            } catch (NbdRefusedException e) {
                if (!e.isUnsupported()) {
                    throw e;
                }
                return exportName(export);
            }
        });
        over = true;
        Watchdog.forget(watched);
        return new NbdClient(
                new ClientConnection(uri, settings, channel, in.rest(), Boolean.TRUE.equals(structured), allocationId),
                info);
    }

    private void negotiateStructured() throws IOException {
        if (!settings.structured() || structured != null) {
            return;
        }
        send(NbdWire.OPT_STRUCTURED_REPLY, new byte[0]);
        try {
            Reply reply = receive(NbdWire.OPT_STRUCTURED_REPLY);
            if (reply.type() != NbdWire.REP_ACK) {
                throw reply.unexpected();
            }
            structured = true;
        } catch (NbdRefusedException e) {
            structured = false;
        }
    }

    /** A server that knows no such thing, or has no such export, is not an error here. */
    private void negotiateAllocation(String export) throws IOException {
        allocationId = null;
        if (!settings.allocation() || !Boolean.TRUE.equals(structured)) {
            return;
        }
        byte[] name = Strings.encode(export);
        byte[] query = Strings.encode(NbdWire.BASE_ALLOCATION);
        send(
                NbdWire.OPT_SET_META_CONTEXT,
                ByteBuffer.allocate(4 + name.length + 4 + 4 + query.length)
                        .putInt(name.length)
                        .put(name)
                        .putInt(1)
                        .putInt(query.length)
                        .put(query)
                        .array());
        Integer agreed = null;
        try {
            for (Reply reply = receive(NbdWire.OPT_SET_META_CONTEXT);
                    reply.type() != NbdWire.REP_ACK;
                    reply = receive(NbdWire.OPT_SET_META_CONTEXT)) {
                if (reply.type() != NbdWire.REP_META_CONTEXT || agreed != null) {
                    throw reply.unexpected();
                }
                agreed = reply.context(NbdWire.BASE_ALLOCATION);
            }
            allocationId = agreed;
        } catch (NbdRefusedException e) {
            // Then all of the export counts as data.
        }
    }

    private ExportInfo ask(int option, String export) throws IOException {
        byte[] name = Strings.encode(export);
        send(
                option,
                ByteBuffer.allocate(4 + name.length + 2 + 3 * 2)
                        .putInt(name.length)
                        .put(name)
                        .putShort((short) 3)
                        .putShort((short) NbdWire.INFO_NAME)
                        .putShort((short) NbdWire.INFO_DESCRIPTION)
                        .putShort((short) NbdWire.INFO_BLOCK_SIZE)
                        .array());
        ExportInfoReader info = new ExportInfoReader(export);
        for (Reply reply = receive(option); reply.type() != NbdWire.REP_ACK; reply = receive(option)) {
            if (reply.type() != NbdWire.REP_INFO) {
                throw reply.unexpected();
            }
            info.take(ByteBuffer.wrap(reply.data()));
        }
        return info.result();
    }

    /** The way in for servers that do not know GO; the server can refuse it only by hanging up. */
    private ExportInfo exportName(String export) throws IOException {
        send(NbdWire.OPT_EXPORT_NAME, Strings.encode(export));
        in.need(10);
        ExportInfoReader info = new ExportInfoReader(export);
        info.export(in.getLong(), in.getShort());
        if (padded) {
            in.skip(NbdWire.EXPORT_NAME_PADDING_BYTES);
        }
        return info.result();
    }

    private void send(int option, byte[] data) throws IOException {
        out.header(16).putLong(NbdWire.OPTION_MAGIC).putInt(option).putInt(data.length);
        out.payload(ByteBuffer.wrap(data));
        out.flush();
    }

    /** The next reply to this option, unless it is an error. */
    private Reply receive(int option) throws IOException {
        in.need(20);
        long magic = in.getLong();
        int about = in.getInt();
        int type = in.getInt();
        long length = Integer.toUnsignedLong(in.getInt());
        // "NBD_REP_ACK": no data.
        long lengthMax = type == NbdWire.REP_ACK ? 0 : NbdServer.OPTION_BYTES_MAX;
        if (magic != NbdWire.OPTION_REPLY_MAGIC || about != option || length > lengthMax) {
            throw new IOException("the server breaks the protocol: malformed answer to option " + option);
        }
        Reply reply = new Reply(type, in.readBytes((int) length));
        if ((type & NbdWire.REP_ERR) != 0) {
            throw reply.refusal(uri);
        }
        return reply;
    }

    private <T> T timed(String what, Step<T> step) throws IOException {
        if (over) {
            throw new NbdDisconnectedException(uri + ": the negotiation is over");
        }
        deadline = Clock.after(settings.connectTimeout());
        try {
            return step.run();
        } catch (NbdRefusedException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            abandon();
            String why = late
                    ? "no answer within " + settings.connectTimeout().toMillis() + " ms"
                    : ClientConnection.describe(e);
            throw new NbdDisconnectedException(uri + ": " + what + ": " + why, e);
        } finally {
            deadline = Clock.NEVER;
        }
    }

    private void check(long now) {
        if (Clock.isOver(deadline, now)) {
            late = true;
            ClientConnection.closeQuietly(channel);
        }
    }

    private void abandon() {
        over = true;
        Watchdog.forget(watched);
        ClientConnection.closeQuietly(channel);
    }

    /** Ends the connection (NBD_OPT_ABORT) unless {@link #go} has handed it over. */
    @Override
    public void close() {
        if (over) {
            return;
        }
        try {
            timed("abort", () -> {
                // The answer is not waited for: it says nothing.
                send(NbdWire.OPT_ABORT, new byte[0]);
                return true;
            });
        } catch (IOException e) {
            // Gone already, which is what was wanted.
        } finally {
            abandon();
        }
    }

    @FunctionalInterface
    private interface Step<T> {
        T run() throws IOException;
    }

    private record Reply(int type, byte[] data) {
        NbdRefusedException refusal(NbdUri uri) {
            String text = Strings.decode(data);
            String reason = text == null || text.isEmpty() ? name() : Strings.oneLine(text) + " (" + name() + ")";
            return new NbdRefusedException(type, uri + ": refused: " + reason);
        }

        IOException unexpected() {
            return new IOException("the server breaks the protocol: unexpected answer of type " + type);
        }

        ExportSource.Listing listing() throws IOException {
            ByteBuffer bytes = ByteBuffer.wrap(data);
            int length = bytes.remaining() < 4 ? -1 : bytes.getInt();
            if (length < 0 || length > bytes.remaining()) {
                throw unexpected();
            }
            byte[] name = new byte[length];
            bytes.get(name);
            byte[] description = new byte[bytes.remaining()];
            bytes.get(description);
            return new ExportSource.Listing(text(name), text(description));
        }

        /** The number that the server gave to the context, which has to be the one that was asked for. */
        int context(String wanted) throws IOException {
            ByteBuffer bytes = ByteBuffer.wrap(data);
            if (bytes.remaining() < 4) {
                throw unexpected();
            }
            int id = bytes.getInt();
            byte[] name = new byte[bytes.remaining()];
            bytes.get(name);
            if (!text(name).equals(wanted)) {
                throw unexpected();
            }
            return id;
        }

        private String text(byte[] bytes) throws IOException {
            String text = Strings.decode(bytes);
            if (text == null) {
                throw unexpected();
            }
            return text;
        }

        private String name() {
            return switch (type) {
                case NbdWire.REP_ERR_UNSUP -> "the server does not know the option";
                case NbdWire.REP_ERR_POLICY -> "not allowed";
                case NbdWire.REP_ERR_INVALID -> "invalid request";
                case NbdWire.REP_ERR_PLATFORM -> "not supported on the server's platform";
                case NbdWire.REP_ERR_TLS_REQD -> "the server requires TLS, which is not supported";
                case NbdWire.REP_ERR_UNKNOWN -> "no such export";
                case NbdWire.REP_ERR_SHUTDOWN -> "the server is shutting down";
                case NbdWire.REP_ERR_BLOCK_SIZE_REQD -> "the server requires its block sizes";
                case NbdWire.REP_ERR_TOO_BIG -> "too big";
                default -> "error 0x" + Integer.toHexString(type);
            };
        }
    }
}
