package dev.unwrite.machine.ledger;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** The header of every account and client page: magic, CRC32C, page number, batch. */
final class PageHeader {
    static final int BYTES = 32;
    private static final int MAGIC = 0;
    private static final int CRC = 4;
    private static final int NUMBER = 8;
    private static final int BATCH = 16;

    private PageHeader() {}

    /** An empty page, positioned behind its header. */
    static ByteBuffer begin(int magic, int number, long batch) {
        ByteBuffer page = ByteBuffer.allocate(LedgerVolume.PAGE);
        page.putInt(MAGIC, magic).putInt(NUMBER, number).putLong(BATCH, batch);
        return page.position(BYTES);
    }

    /** Sets the checksum and makes the page ready to be written. */
    static ByteBuffer seal(ByteBuffer page) {
        page.clear();
        return page.putInt(CRC, checksum(page));
    }

    /** What is wrong with the page, or null. */
    static @Nullable String problem(ByteBuffer page, int magic, int number) {
        if (page.getInt(MAGIC) != magic) {
            return "page " + number + ": magic is " + Integer.toHexString(page.getInt(MAGIC)) + ", not "
                    + Integer.toHexString(magic);
        }
        if (page.getInt(CRC) != checksum(page)) {
            return "page " + number + ": CRC32C is " + Integer.toHexString(checksum(page)) + ", its header says "
                    + Integer.toHexString(page.getInt(CRC));
        }
        if (page.getInt(NUMBER) != number) {
            return "page " + number + ": its header says that it is page " + page.getInt(NUMBER);
        }
        return null;
    }

    static long batch(ByteBuffer page) {
        return page.getLong(BATCH);
    }

    /** CRC32C of the page as if its checksum field were zero. */
    private static int checksum(ByteBuffer page) {
        CRC32C crc = new CRC32C();
        crc.update(page.duplicate().position(0).limit(CRC));
        crc.update(new byte[Integer.BYTES]);
        crc.update(page.duplicate().limit(LedgerVolume.PAGE).position(CRC + Integer.BYTES));
        return (int) crc.getValue();
    }
}
