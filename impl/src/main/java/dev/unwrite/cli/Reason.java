package dev.unwrite.cli;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/** Describes a failure of a file; the JDK's own message is often only the path. */
final class Reason {
    private Reason() {}

    /** One line. */
    static String of(IOException error) {
        if (!(error instanceof FileSystemException file) || file.getReason() != null) {
            return error.getMessage() == null ? error.toString() : error.getMessage();
        }
        return file.getFile()
                + switch (file) {
                    case NoSuchFileException ignored -> " does not exist and cannot be created";
                    case AccessDeniedException ignored -> " may not be used by this user";
                    case FileAlreadyExistsException ignored -> " is there already, and is not a folder";
                    default -> ": " + file.getClass().getSimpleName();
                };
    }
}
