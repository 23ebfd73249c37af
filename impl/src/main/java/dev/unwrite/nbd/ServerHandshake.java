package dev.unwrite.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The server's side of the fixed newstyle handshake, up to the choice of an export ("Handshake"). */
final class ServerHandshake {
    /** An option larger than {@link NbdServer#OPTION_BYTES_MAX} is skipped with an error up to here; beyond is an attack. */
    private static final int SKIPPED_OPTION_BYTES_MAX = 1 << 20;

    private final ServerConnection connection;
    private final NbdServerBuilder settings;
    private final WireInput in;
    private final WireOutput out;

    private boolean padded = true;
    private boolean structured;
    /** The export for which the client has asked to be told what is allocated; null if there is none. */
    private @Nullable String allocationOf;

    /** How a handshake ended well. {@code allocation}: whether the client may ask what is allocated. */
    record Chosen(Export export, long size, int flags, boolean structured, boolean allocation) {
        /** The device, if it is one that answers later. */
        @Nullable
        AsyncDevice async() {
            return export.device() instanceof AsyncDevice async ? async : null;
        }
    }

    ServerHandshake(ServerConnection connection, NbdServerBuilder settings, WireInput in, WireOutput out) {
        this.connection = connection;
        this.settings = settings;
        this.in = in;
        this.out = out;
    }

    /** Haggles until the client has chosen an export; null if it leaves without, or has to. */
    @Nullable
    Chosen run() throws IOException {
        if (!greet()) {
            return null;
        }
        while (in.awaitMessage(16) && in.getLong() == NbdWire.OPTION_MAGIC) {
            int option = in.getInt();
            long length = Integer.toUnsignedLong(in.getInt());
            if (length > NbdServer.OPTION_BYTES_MAX) {
                if (length > SKIPPED_OPTION_BYTES_MAX || option == NbdWire.OPT_EXPORT_NAME) {
                    return null;
                }
                in.skip(length);
                refuse(
                        option,
                        NbdWire.REP_ERR_TOO_BIG,
                        "the option has more than " + NbdServer.OPTION_BYTES_MAX + " bytes");
                continue;
            }
            byte[] data = in.readBytes((int) length);
            switch (option) {
                case NbdWire.OPT_EXPORT_NAME -> {
                    return exportName(data);
                }
                case NbdWire.OPT_ABORT -> {
                    acknowledge(option);
                    return null;
                }
                case NbdWire.OPT_GO -> {
                    Chosen chosen = infoOrGo(option, data);
                    if (chosen != null) {
                        return chosen;
                    }
                }
                default -> answer(option, data);
            }
        }
        return null;
    }

    private boolean greet() throws IOException {
        out.header(18).putLong(NbdWire.INIT_MAGIC).putLong(NbdWire.OPTION_MAGIC).putShort((short)
                (NbdWire.FLAG_FIXED_NEWSTYLE | NbdWire.FLAG_NO_ZEROES));
        out.flush();
        if (!in.awaitMessage(4)) {
            return false;
        }
        int clientFlags = in.getInt();
        padded = (clientFlags & NbdWire.FLAG_NO_ZEROES) == 0;
        // The server must drop a client that sets a flag it does not know ("Client flags").
        return (clientFlags & ~(NbdWire.FLAG_FIXED_NEWSTYLE | NbdWire.FLAG_NO_ZEROES)) == 0;
    }

    private void answer(int option, byte[] data) throws IOException {
        switch (option) {
            case NbdWire.OPT_LIST -> list(data);
            case NbdWire.OPT_INFO -> infoOrGo(option, data);
            case NbdWire.OPT_STRUCTURED_REPLY -> {
                if (data.length != 0) {
                    refuse(option, NbdWire.REP_ERR_INVALID, "this option takes no data");
                } else {
                    structured = true;
                    acknowledge(option);
                }
            }
            case NbdWire.OPT_LIST_META_CONTEXT, NbdWire.OPT_SET_META_CONTEXT -> contexts(option, data);
            case NbdWire.OPT_STARTTLS -> refuse(option, NbdWire.REP_ERR_UNSUP, "TLS is not supported");
            default -> privateOption(option, data);
        }
    }

    private void privateOption(int option, byte[] data) throws IOException {
        OptionHandler handler = settings.options.get(option);
        if (handler == null) {
            refuse(option, NbdWire.REP_ERR_UNSUP, "unknown option " + Integer.toUnsignedString(option));
            return;
        }
        byte[] answer;
        try {
            answer = handler.handle(connection, data);
        } catch (NbdRefusedException e) {
            refuse(option, e.replyType(), e.getMessage());
            return;
        } catch (IOException | RuntimeException e) {
            connection.log("option handler", e);
            refuse(option, NbdWire.REP_ERR_INVALID, String.valueOf(e.getMessage()));
            return;
        }
        if (answer.length > NbdServer.OPTION_BYTES_MAX) {
            refuse(option, NbdWire.REP_ERR_TOO_BIG, "the answer has " + answer.length + " bytes");
            return;
        }
        reply(option, option, answer);
        acknowledge(option);
        connection.extendHandshake();
    }

    private void list(byte[] data) throws IOException {
        if (data.length != 0) {
            refuse(NbdWire.OPT_LIST, NbdWire.REP_ERR_INVALID, "this option takes no data");
            return;
        }
        List<ExportSource.Listing> listings = settings.exports().list(connection);
        for (ExportSource.Listing listing :
                listings.subList(0, Math.min(listings.size(), NbdServer.LISTED_EXPORTS_MAX))) {
            byte[] name = Strings.encode(listing.name());
            byte[] description = Strings.encode(listing.description());
            replyHeader(NbdWire.OPT_LIST, NbdWire.REP_SERVER, 4 + name.length + description.length);
            out.header(4).putInt(name.length);
            out.payload(ByteBuffer.wrap(name));
            out.payload(ByteBuffer.wrap(description));
        }
        acknowledge(NbdWire.OPT_LIST);
    }

    /** Null: the client has no export; this option cannot carry an error. */
    private @Nullable Chosen exportName(byte[] data) throws IOException {
        String name = Strings.decode(data);
        if (name == null) {
            return null;
        }
        Export export;
        try {
            export = settings.exports().open(name, connection);
        } catch (NbdRefusedException e) {
            return null;
        } catch (IOException | RuntimeException e) {
            connection.log("opening export '" + name + "'", e);
            return null;
        }
        Chosen chosen = choose(name, export);
        out.header(10).putLong(chosen.size()).putShort((short) chosen.flags());
        if (padded) {
            out.payload(ByteBuffer.allocate(NbdWire.EXPORT_NAME_PADDING_BYTES));
        }
        out.flush();
        return chosen;
    }

    /** The export for GO; null for INFO, or if there is none. */
    private @Nullable Chosen infoOrGo(int option, byte[] data) throws IOException {
        Query query = Query.parse(data);
        if (query == null) {
            refuse(option, NbdWire.REP_ERR_INVALID, "malformed request");
            return null;
        }
        Export export;
        try {
            export = settings.exports().open(query.name(), connection);
        } catch (NbdRefusedException e) {
            refuse(option, e.replyType(), e.getMessage());
            return null;
        } catch (IOException | RuntimeException e) {
            connection.log("opening export '" + query.name() + "'", e);
            refuse(option, NbdWire.REP_ERR_UNKNOWN, String.valueOf(e.getMessage()));
            return null;
        }
        if (option == NbdWire.OPT_GO) {
            Chosen chosen = choose(query.name(), export);
            inform(option, query, chosen);
            return chosen;
        }
        try (BlockDevice closedAgain = export.device()) {
            inform(option, query, new Chosen(export, closedAgain.size(), flags(export, structured), structured, false));
        }
        return null;
    }

    /** What was agreed upon for another export does not count ("NBD_OPT_SET_META_CONTEXT"). */
    private Chosen choose(String name, Export export) {
        connection.opened(export.device());
        boolean allocation = name.equals(allocationOf) && export.device().tellsAllocation();
        return new Chosen(export, export.device().size(), flags(export, structured), structured, allocation);
    }

    /** The one context that there is, for devices that can say; anything else that is asked for is passed over. */
    private void contexts(int option, byte[] data) throws IOException {
        allocationOf = option == NbdWire.OPT_SET_META_CONTEXT ? null : allocationOf;
        ContextQuery query = ContextQuery.parse(data);
        if (query == null || !structured) {
            String why = query == null ? "malformed request" : "only with structured replies";
            refuse(option, NbdWire.REP_ERR_INVALID, why);
            return;
        }
        boolean told;
        try (BlockDevice closedAgain =
                settings.exports().open(query.name(), connection).device()) {
            told = closedAgain.tellsAllocation();
        } catch (NbdRefusedException e) {
            refuse(option, e.replyType(), e.getMessage());
            return;
        } catch (IOException | RuntimeException e) {
            connection.log("opening export '" + query.name() + "'", e);
            refuse(option, NbdWire.REP_ERR_UNKNOWN, String.valueOf(e.getMessage()));
            return;
        }
        if (told && query.wantsAllocation(option == NbdWire.OPT_LIST_META_CONTEXT)) {
            if (option == NbdWire.OPT_SET_META_CONTEXT) {
                allocationOf = query.name();
            }
            byte[] name = Strings.encode(NbdWire.BASE_ALLOCATION);
            replyHeader(option, NbdWire.REP_META_CONTEXT, 4 + name.length);
            out.header(4).putInt(ServerRequest.ALLOCATION_ID);
            out.payload(ByteBuffer.wrap(name));
        }
        acknowledge(option);
    }

    private void inform(int option, Query query, Chosen chosen) throws IOException {
        Export export = chosen.export();
        replyHeader(option, NbdWire.REP_INFO, 12);
        out.header(12)
                .putShort((short) NbdWire.INFO_EXPORT)
                .putLong(chosen.size())
                .putShort((short) chosen.flags());
        if (query.wanted().contains(NbdWire.INFO_NAME)) {
            inform(option, NbdWire.INFO_NAME, Strings.encode(query.name()));
        }
        if (query.wanted().contains(NbdWire.INFO_DESCRIPTION)
                && !export.description().isEmpty()) {
            inform(option, NbdWire.INFO_DESCRIPTION, Strings.encode(export.description()));
        }
        if (query.wanted().contains(NbdWire.INFO_BLOCK_SIZE)) {
            replyHeader(option, NbdWire.REP_INFO, 14);
            out.header(14)
                    .putShort((short) NbdWire.INFO_BLOCK_SIZE)
                    .putInt(export.minimumBlock())
                    .putInt(export.preferredBlock())
                    .putInt(export.maximumPayload());
        }
        acknowledge(option);
    }

    private void inform(int option, int type, byte[] text) throws IOException {
        replyHeader(option, NbdWire.REP_INFO, 2 + text.length);
        out.header(2).putShort((short) type);
        out.payload(ByteBuffer.wrap(text));
    }

    private static int flags(Export export, boolean structured) {
        int flags = NbdWire.FLAG_HAS_FLAGS;
        flags |= export.writeCache() ? NbdWire.FLAG_SEND_FLUSH | NbdWire.FLAG_SEND_FUA : 0;
        if (export.device().readOnly()) {
            flags |= NbdWire.FLAG_READ_ONLY;
        } else {
            flags |= NbdWire.FLAG_SEND_TRIM | NbdWire.FLAG_SEND_WRITE_ZEROES;
            flags |= export.fastZero() ? NbdWire.FLAG_SEND_FAST_ZERO : 0;
        }
        flags |= export.multiConn() ? NbdWire.FLAG_CAN_MULTI_CONN : 0;
        flags |= structured ? NbdWire.FLAG_SEND_DF : 0;
        return flags;
    }

    private void acknowledge(int option) throws IOException {
        replyHeader(option, NbdWire.REP_ACK, 0);
        out.flush();
    }

    private void refuse(int option, int type, @Nullable String why) throws IOException {
        reply(option, type, Strings.encode(why));
        out.flush();
    }

    private void reply(int option, int type, byte[] data) throws IOException {
        replyHeader(option, type, data.length);
        out.payload(ByteBuffer.wrap(data));
    }

    private void replyHeader(int option, int type, int length) throws IOException {
        out.header(20)
                .putLong(NbdWire.OPTION_REPLY_MAGIC)
                .putInt(option)
                .putInt(type)
                .putInt(length);
    }

    /** What a client asks with LIST_META_CONTEXT or SET_META_CONTEXT. */
    private record ContextQuery(String name, List<String> queries) {
        static @Nullable ContextQuery parse(byte[] data) {
            ByteBuffer in = ByteBuffer.wrap(data);
            String name = string(in);
            if (name == null || in.remaining() < 4) {
                return null;
            }
            long count = Integer.toUnsignedLong(in.getInt());
            List<String> queries = new ArrayList<>();
            while (queries.size() < count) {
                String query = string(in);
                if (query == null) {
                    return null;
                }
                queries.add(query);
            }
            return in.hasRemaining() ? null : new ContextQuery(name, queries);
        }

        private static @Nullable String string(ByteBuffer in) {
            int length = in.remaining() < 4 ? -1 : in.getInt();
            if (length < 0 || length > in.remaining()) {
                return null;
            }
            byte[] bytes = new byte[length];
            in.get(bytes);
            return Strings.decode(bytes);
        }

        /** A list may also ask for all, or for a namespace. */
        boolean wantsAllocation(boolean list) {
            return queries.contains(NbdWire.BASE_ALLOCATION)
                    || (list && (queries.isEmpty() || queries.contains("base:")));
        }
    }

    /** What a client asks with INFO or GO. */
    private record Query(String name, Set<Integer> wanted) {
        static @Nullable Query parse(byte[] data) {
            ByteBuffer in = ByteBuffer.wrap(data);
            if (data.length < 6) {
                return null;
            }
            int nameLength = in.getInt();
            if (nameLength < 0 || nameLength > data.length - 6) {
                return null;
            }
            byte[] nameBytes = new byte[nameLength];
            in.get(nameBytes);
            String name = Strings.decode(nameBytes);
            int count = Short.toUnsignedInt(in.getShort());
            if (name == null || in.remaining() != 2 * count) {
                return null;
            }
            Set<Integer> wanted = new HashSet<>();
            for (int i = 0; i < count; i++) {
                wanted.add((int) in.getShort());
            }
            return new Query(name, wanted);
        }
    }
}
