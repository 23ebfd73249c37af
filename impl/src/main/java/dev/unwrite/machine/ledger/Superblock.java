package dev.unwrite.machine.ledger;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** Page 0: what kind of ledger this is. Written once, last of all when a volume is initialised. */
final class Superblock {
    private static final long MAGIC = 0x554E57524C454447L; // UNWRLEDG
    private static final int VERSION = 1;
    /** All of it is in the first sector, which no disk tears. */
    private static final int BYTES = 64;

    private static final int CRC_AT = BYTES - Integer.BYTES;

    private Superblock() {}

    static boolean isEmpty(ByteBuffer page) {
        for (int i = 0; i < LedgerVolume.PAGE; i++) {
            if (page.get(i) != 0) {
                return false;
            }
        }
        return true;
    }

    static ByteBuffer encode(LedgerConfig config) {
        ByteBuffer page = ByteBuffer.allocate(LedgerVolume.PAGE);
        page.putLong(MAGIC).putInt(VERSION).putInt(LedgerVolume.PAGE).putInt(Layout.JOURNAL_SLOT_PAGES);
        page.putInt(config.accounts()).putInt(config.accountsPerPage()).putInt(config.clients());
        page.putLong(config.initialBalance());
        return page.putInt(CRC_AT, checksum(page)).clear();
    }

    static LedgerConfig decode(ByteBuffer page) throws IOException {
        ByteBuffer in = page.duplicate().clear();
        if (in.getLong() != MAGIC) {
            throw new IOException("page 0: the volume holds something else than a ledger; use one that is all zeroes");
        }
        if (in.getInt(CRC_AT) != checksum(page)) {
            throw new IOException("page 0: the superblock is damaged (CRC32C)");
        }
        int version = in.getInt();
        int pageBytes = in.getInt();
        int slotPages = in.getInt();
        if (version != VERSION || pageBytes != LedgerVolume.PAGE || slotPages != Layout.JOURNAL_SLOT_PAGES) {
            throw new IOException("page 0: ledger version " + version + " with pages of " + pageBytes
                    + " bytes is not known here, only version " + VERSION);
        }
        return config(in);
    }

    private static LedgerConfig config(ByteBuffer in) throws IOException {
        int accounts = in.getInt();
        int accountsPerPage = in.getInt();
        int clients = in.getInt();
        try {
            return new LedgerConfig(accounts, in.getLong(), accountsPerPage, clients);
        } catch (IllegalArgumentException e) {
            throw new IOException("page 0: " + e.getMessage(), e);
        }
    }

    private static int checksum(ByteBuffer page) {
        CRC32C crc = new CRC32C();
        crc.update(page.duplicate().clear().limit(CRC_AT));
        return (int) crc.getValue();
    }
}
