package dev.unwrite.nbd;

import java.io.IOException;
import java.util.List;

/** Says what an {@link NbdServer} serves. Called by many connections at once; may block. */
public interface ExportSource {
    /**
     * Opens an export for one connection. The server closes the device when the connection ends, or at once when the
     * client only asked for information (NBD_OPT_INFO). {@code name} may be empty: the default export.
     *
     * @throws NbdRefusedException to refuse it with a reason that the client is told; any other IOException refuses too
     */
    Export open(String name, NbdConnection connection) throws IOException;

    /** The exports that this connection is told of (NBD_OPT_LIST), at most {@link NbdServer#LISTED_EXPORTS_MAX}. */
    List<Listing> list(NbdConnection connection);

    /** The name of an export, and a description for people, which may be empty. */
    record Listing(String name, String description) {}
}
