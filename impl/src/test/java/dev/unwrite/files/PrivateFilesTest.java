package dev.unwrite.files;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrivateFilesTest {
    @TempDir
    private Path dir;

    private static String rights(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    private Path folder(String name, String rights) throws IOException {
        Path folder = Files.createDirectory(dir.resolve(name));
        return Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString(rights));
    }

    @Test
    void whatIsMadeIsPrivate() throws IOException {
        Path folder = PrivateFiles.createFolder(dir.resolve("a/b"));
        assertThat(rights(folder)).isEqualTo("rwx------");
        assertThat(rights(dir.resolve("a"))).isEqualTo("rwx------");
        Path file = folder.resolve("file");
        try (FileChannel channel = PrivateFiles.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            assertThat(channel.size()).isZero();
        }
        assertThat(rights(file)).isEqualTo("rw-------");
    }

    @Test
    void aCopyReplacesWhatIsThereAndItsRights() throws IOException {
        Path file = Files.writeString(dir.resolve("state"), "a longer one");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        PrivateFiles.copy(new ByteArrayInputStream("new".getBytes(StandardCharsets.UTF_8)), file);
        assertThat(file).hasContent("new");
        assertThat(rights(file)).isEqualTo("rw-------");
    }

    @Test
    void aDataFolderIsClosedOnce() throws IOException {
        Path empty = folder("empty", "rwxr-xr-x");
        Path used = folder("used", "rwxrwx---");
        Files.createDirectory(used.resolve("undo"));
        for (Path data : new Path[] {empty, used}) {
            assertThat(PrivateFiles.closeToOthers(data)).isTrue();
            assertThat(rights(data)).isEqualTo("rwx------");
            assertThat(PrivateFiles.closeToOthers(data)).isFalse();
        }
    }

    @Test
    void foldersOfOthersStayAsTheyAre() throws IOException {
        Path home = folder("home", "rwxr-xr-x");
        Files.writeString(home.resolve("letter"), "");
        assertThat(PrivateFiles.closeToOthers(home)).isFalse();
        assertThat(rights(home)).isEqualTo("rwxr-xr-x");
        Path shared = folder("tmp", "rwxrwxrwx");
        Files.createFile(shared.resolve("lock"));
        Files.setAttribute(shared, "unix:mode", 01777);
        assertThat(PrivateFiles.closeToOthers(shared)).isFalse();
        assertThat(rights(shared)).isEqualTo("rwxrwxrwx");
        assertThat(PrivateFiles.closeToOthers(dir.resolve("absent"))).isFalse();
        assertThat(PrivateFiles.closeToOthers(Files.createFile(dir.resolve("file"))))
                .isFalse();
    }
}
