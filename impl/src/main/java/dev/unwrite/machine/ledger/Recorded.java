package dev.unwrite.machine.ledger;

import java.nio.ByteBuffer;

/**
 * The reply to a request as it is kept: enough to say it again.
 *
 * @param fingerprint of the request, so that another request under the same number is noticed
 * @param first balance of the source after a transfer, balance that was read, or total
 * @param second balance of the target after a transfer
 */
record Recorded(Kind kind, boolean done, int fingerprint, long seq, long first, long second) {
    static final int BYTES = 32;

    /** The kinds of numbered requests, with their codes on the volume. */
    enum Kind {
        TRANSFER(0),
        READ(1),
        SNAPSHOT(2);

        private final int code;

        Kind(int code) {
            this.code = code;
        }

        static Kind of(int code) {
            return switch (code) {
                case 0 -> TRANSFER;
                case 1 -> READ;
                default -> SNAPSHOT;
            };
        }
    }

    /** The reply line; a snapshot's balances are not part of it. */
    String line(long reqno) {
        String start = (done ? "OK " : "NO ") + reqno + " seq=" + seq;
        return switch (kind) {
            case TRANSFER -> start + " from=" + first + (done ? " to=" + second : "");
            case READ -> start + " balance=" + first;
            case SNAPSHOT -> start + " total=" + first;
        };
    }

    void encode(ByteBuffer target) {
        target.putLong(seq).putLong(first).putLong(second).putInt(fingerprint);
        target.put((byte) kind.code).put((byte) (done ? 1 : 0)).putShort((short) 0);
    }

    static Recorded decode(ByteBuffer source) {
        long seq = source.getLong();
        long first = source.getLong();
        long second = source.getLong();
        int fingerprint = source.getInt();
        Kind kind = Kind.of(source.get());
        boolean done = source.get() == 1;
        source.getShort();
        return new Recorded(kind, done, fingerprint, seq, first, second);
    }
}
