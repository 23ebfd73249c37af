package dev.unwrite.machine.ledger;

import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/** A request line, parsed. */
sealed interface LedgerRequest {
    /** {@code HELLO client-id}. */
    record Hello(String client) implements LedgerRequest {}

    /** {@code CHECK}. */
    record Check() implements LedgerRequest {}

    /** A line that could not be understood: it only has a reply. */
    record Malformed(String reason) implements LedgerRequest {}

    /** A request that takes effect once. */
    sealed interface Numbered extends LedgerRequest {
        long reqno();

        /** The request as it is sent, without the end of line. */
        String line();

        /** Of the whole request, to notice another one under the same number. */
        default int fingerprint() {
            CRC32C crc = new CRC32C();
            crc.update(line().getBytes(StandardCharsets.US_ASCII));
            return (int) crc.getValue();
        }
    }

    /** {@code T reqno from to amount}. */
    record Transfer(long reqno, int from, int to, long amount) implements Numbered {
        @Override
        public String line() {
            return "T " + reqno + " " + from + " " + to + " " + amount;
        }
    }

    /** {@code R reqno account}. */
    record Read(long reqno, int account) implements Numbered {
        @Override
        public String line() {
            return "R " + reqno + " " + account;
        }
    }

    /** {@code B reqno}. */
    record Snapshot(long reqno) implements Numbered {
        @Override
        public String line() {
            return "B " + reqno;
        }
    }
}
