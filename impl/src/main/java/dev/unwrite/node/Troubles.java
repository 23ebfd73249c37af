package dev.unwrite.node;

import dev.unwrite.host.Trouble;
import dev.unwrite.host.Trouble.Kind;
import dev.unwrite.nbd.Completion;
import dev.unwrite.nbd.NbdError;
import dev.unwrite.nbd.NbdException;
import dev.unwrite.nbd.NbdRefusedException;
import dev.unwrite.storage.NameTakenException;
import dev.unwrite.storage.NotAStorageException;
import dev.unwrite.storage.SessionEndedException;
import dev.unwrite.storage.WrongIdentityException;

/** What the exceptions of the storage's client and the errors of NBD mean to a host, and the other way round. */
final class Troubles {
    private Troubles() {}

    /** What an exception of the storage's client means. */
    static Trouble of(Exception e) {
        String text = e.getMessage() == null ? e.toString() : e.getMessage();
        return new Trouble(
                switch (e) {
                    case NbdException nbd -> ofError(nbd.error());
                    case SessionEndedException ended -> Kind.ENDED;
                    case NameTakenException taken when taken.alive() -> Kind.NAME_IN_USE;
                    case WrongIdentityException wrong -> Kind.WRONG_IDENTITY;
                    case NotAStorageException other -> Kind.NO_STORAGE;
                    case NbdRefusedException refused -> refused.isShutdown() ? Kind.LOST : Kind.NO_STORAGE;
                    default -> Kind.LOST;
                },
                text);
    }

    /** What the failure of a request of NBD means. */
    static Trouble of(int error, String text) {
        return new Trouble(error == Completion.LOST ? Kind.LOST : ofError(error), text);
    }

    private static Kind ofError(int error) {
        return switch (error) {
            // Which of the two says whether another owner came, or was there before: the session is over either way.
            case NbdError.ESHUTDOWN, NbdError.EPERM -> Kind.ENDED;
            case NbdError.ENOSPC, NbdError.ENOMEM -> Kind.NO_SPACE;
            case NbdError.EINVAL, NbdError.EOVERFLOW, NbdError.ENOTSUP -> Kind.INVALID;
            default -> Kind.FAILED;
        };
    }

    /** What a client is answered. */
    static NbdException toNbd(Trouble trouble) {
        int error = switch (trouble.kind()) {
            case FAILED -> NbdError.EIO;
            case NO_SPACE -> NbdError.ENOSPC;
            case INVALID -> NbdError.EINVAL;
            default -> NbdError.ESHUTDOWN;
        };
        return new NbdException(error, trouble.text());
    }
}
