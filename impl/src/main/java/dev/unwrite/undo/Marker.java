package dev.unwrite.undo;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The file {@code undo.log}: which log this is, and how far it is durable.
 *
 * <p>Page 0 names the log. Pages 1 and 2 take turns with what is <em>firm</em>: synced before anything relies on it.
 * Pages 3 and 4 take turns with <em>hints</em>: written after each sync of the log without a sync of their own, so that
 * they are there after the end of the process, and mostly there after a loss of power. A page that does not read well
 * is passed over: it says nothing, and nothing wrong.
 */
final class Marker implements Closeable {
    static final String NAME = "undo.log";
    private static final long MAGIC = 0x4F444E55_52574E55L; // "UNWRUNDO"
    /** 2: records of zeroes without content. */
    static final int VERSION = 2;

    private static final int FIRM = 1;
    private static final int HINT = 3;
    private static final int PAGES = 5;

    private final SegmentFile file;
    private final LogId log;
    private final ByteBuffer page;
    private long turn;
    private long hints;

    private Marker(SegmentFile file, LogId log, ByteBuffer page) {
        this.file = file;
        this.log = log;
        this.page = page;
    }

    static Marker create(LogFiles files) throws IOException {
        LogId log = LogId.random();
        ByteBuffer start = Pages.allocate(files);
        start.putLong(0, MAGIC);
        start.putInt(8, VERSION);
        log.put(start, 16);
        Pages.seal(start);
        return new Marker(files.create(NAME, (long) PAGES * Pages.BYTES, start), log, Pages.allocate(files));
    }

    static Marker open(LogFiles files) throws IOException {
        SegmentFile file = files.open(NAME);
        String path = files.describe(NAME);
        ByteBuffer page = Pages.allocate(files);
        if (file.size() >= (long) PAGES * Pages.BYTES) {
            file.read(0, page);
        }
        if (page.getLong(0) != MAGIC) {
            file.close();
            throw new UndoLogException(path + " is not an undo log of unwrite; choose another folder");
        }
        if (page.getInt(8) != VERSION) {
            file.close();
            throw otherFormat(path, page.getInt(8));
        }
        if (!Pages.isSealed(page)) {
            file.close();
            throw new CorruptLogException(path, 0, 0, "the page that names the log is damaged");
        }
        return new Marker(file, LogId.get(page, 16), page);
    }

    /** A log is good for one epoch or two, so it is not worth converting. */
    static UndoLogException otherFormat(String path, int found) {
        return new UndoLogException(path + " has format " + found + "; this version of unwrite reads format " + VERSION
                + ": move the folder away and let the node join again as secondary, or use the version that wrote it");
    }

    LogId log() {
        return log;
    }

    /** All that the readable pages say. */
    LogHead read() throws IOException {
        LogHead control = LogHead.INITIAL;
        for (int slot = FIRM; slot < PAGES; slot++) {
            LogHead said = read(slot);
            control = said == null ? control : control.merge(said);
        }
        return control;
    }

    private @Nullable LogHead read(int slot) throws IOException {
        page.clear();
        file.read((long) slot * Pages.BYTES, page);
        if (page.getLong(0) != MAGIC
                || !Pages.isSealed(page)
                || !LogId.get(page, 16).equals(log)) {
            return null;
        }
        if (slot < HINT) {
            turn = Math.max(turn, page.getLong(32));
        }
        return LogHead.get(page, 40);
    }

    /** Durable on return. */
    void firm(LogHead control) throws IOException {
        turn++;
        write(FIRM + (int) (turn & 1), control);
        file.sync();
    }

    /** Survives the end of the process; durable at some time. */
    void hint(LogHead control) throws IOException {
        hints++;
        write(HINT + (int) (hints & 1), control);
    }

    private void write(int slot, LogHead control) throws IOException {
        page.clear();
        page.putLong(0, MAGIC);
        log.put(page, 16);
        page.putLong(32, turn);
        control.put(page, 40);
        Pages.seal(page);
        file.write((long) slot * Pages.BYTES, page);
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
