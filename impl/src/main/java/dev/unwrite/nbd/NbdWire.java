package dev.unwrite.nbd;

/** The numbers of the NBD protocol document, named as there without the prefix {@code NBD_}. */
final class NbdWire {
    static final int DEFAULT_PORT = 10809;

    // Handshake ("Newstyle negotiation").
    static final long INIT_MAGIC = 0x4e42444d41474943L; // "NBDMAGIC"
    static final long OPTION_MAGIC = 0x49484156454f5054L; // "IHAVEOPT"
    static final long OPTION_REPLY_MAGIC = 0x3e889045565a9L;
    static final int FLAG_FIXED_NEWSTYLE = 1;
    static final int FLAG_NO_ZEROES = 1 << 1;
    /** The zeroes after the answer to EXPORT_NAME, unless the client asked for NO_ZEROES. */
    static final int EXPORT_NAME_PADDING_BYTES = 124;

    static final int OPT_EXPORT_NAME = 1;
    static final int OPT_ABORT = 2;
    static final int OPT_LIST = 3;
    static final int OPT_STARTTLS = 5;
    static final int OPT_INFO = 6;
    static final int OPT_GO = 7;
    static final int OPT_STRUCTURED_REPLY = 8;
    static final int OPT_LIST_META_CONTEXT = 9;
    static final int OPT_SET_META_CONTEXT = 10;

    static final int REP_ACK = 1;
    static final int REP_SERVER = 2;
    static final int REP_INFO = 3;
    static final int REP_META_CONTEXT = 4;
    /** Bit 31 is set in the type of every option reply that is an error. */
    static final int REP_ERR = 1 << 31;

    static final int REP_ERR_UNSUP = REP_ERR + 1;
    static final int REP_ERR_POLICY = REP_ERR + 2;
    static final int REP_ERR_INVALID = REP_ERR + 3;
    static final int REP_ERR_PLATFORM = REP_ERR + 4;
    static final int REP_ERR_TLS_REQD = REP_ERR + 5;
    static final int REP_ERR_UNKNOWN = REP_ERR + 6;
    static final int REP_ERR_SHUTDOWN = REP_ERR + 7;
    static final int REP_ERR_BLOCK_SIZE_REQD = REP_ERR + 8;
    static final int REP_ERR_TOO_BIG = REP_ERR + 9;

    static final int INFO_EXPORT = 0;
    static final int INFO_NAME = 1;
    static final int INFO_DESCRIPTION = 2;
    static final int INFO_BLOCK_SIZE = 3;

    // Transmission flags.
    static final int FLAG_HAS_FLAGS = 1;
    static final int FLAG_READ_ONLY = 1 << 1;
    static final int FLAG_SEND_FLUSH = 1 << 2;
    static final int FLAG_SEND_FUA = 1 << 3;
    static final int FLAG_SEND_TRIM = 1 << 5;
    static final int FLAG_SEND_WRITE_ZEROES = 1 << 6;
    static final int FLAG_SEND_DF = 1 << 7;
    static final int FLAG_CAN_MULTI_CONN = 1 << 8;
    static final int FLAG_SEND_FAST_ZERO = 1 << 11;

    // Transmission.
    static final int REQUEST_MAGIC = 0x25609513;
    static final int SIMPLE_REPLY_MAGIC = 0x67446698;
    static final int STRUCTURED_REPLY_MAGIC = 0x668e33ef;
    static final int REQUEST_HEADER_BYTES = 28;

    static final int CMD_READ = 0;
    static final int CMD_WRITE = 1;
    static final int CMD_DISC = 2;
    static final int CMD_FLUSH = 3;
    static final int CMD_TRIM = 4;
    static final int CMD_CACHE = 5;
    static final int CMD_WRITE_ZEROES = 6;
    static final int CMD_BLOCK_STATUS = 7;

    static final int CMD_FLAG_FUA = 1;
    static final int CMD_FLAG_NO_HOLE = 1 << 1;
    static final int CMD_FLAG_DF = 1 << 2;
    static final int CMD_FLAG_REQ_ONE = 1 << 3;
    static final int CMD_FLAG_FAST_ZERO = 1 << 4;

    static final int REPLY_FLAG_DONE = 1;
    static final int REPLY_TYPE_NONE = 0;
    static final int REPLY_TYPE_OFFSET_DATA = 1;
    static final int REPLY_TYPE_OFFSET_HOLE = 2;
    static final int REPLY_TYPE_BLOCK_STATUS = 5;
    /** Bit 15 is set in the type of every structured reply chunk that is an error. */
    static final int REPLY_TYPE_ERR = 1 << 15;

    static final int REPLY_TYPE_ERROR = REPLY_TYPE_ERR + 1;
    static final int REPLY_TYPE_ERROR_OFFSET = REPLY_TYPE_ERR + 2;

    // Block status ("Metadata querying").
    static final String BASE_ALLOCATION = "base:allocation";
    static final int STATE_HOLE = 1;
    static final int STATE_ZERO = 1 << 1;

    /** The longest string of the protocol, in bytes of UTF-8 ("Conventions"). */
    static final int STRING_BYTES_MAX = 4096;
    /** The payload that any server takes ("Size constraints"). */
    static final int PAYLOAD_BYTES_DEFAULT_MAX = 32 << 20;

    private NbdWire() {}
}
