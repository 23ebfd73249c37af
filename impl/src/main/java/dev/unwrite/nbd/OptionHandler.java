package dev.unwrite.nbd;

import java.io.IOException;

/**
 * Answers a private option of the handshake. Calls come from many connections at once, one at a time from each; they may
 * block.
 */
@FunctionalInterface
public interface OptionHandler {
    /**
     * What it returns is sent as a reply whose type is the option's number, then NBD_REP_ACK; at most
     * {@link NbdServer#OPTION_BYTES_MAX} bytes. The connection may be closed by the time that the reply could be sent.
     *
     * @throws NbdRefusedException to answer with an error and a reason; any other exception is answered with
     *     NBD_REP_ERR_INVALID and its message
     */
    byte[] handle(NbdConnection connection, byte[] payload) throws IOException;
}
