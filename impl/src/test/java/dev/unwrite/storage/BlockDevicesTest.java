package dev.unwrite.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What stays with a device, whatever its path and number become. */
class BlockDevicesTest {
    private static final long SDA = 8 << 8;
    private static final long SDA1 = (8 << 8) | 1;
    /** Major 253, minor 258: a minor above 255 is in two parts. */
    private static final long DM = (1L << 20) | (253 << 8) | 2;

    @TempDir
    Path system;

    private void device(String number, String folder, String file, String text) throws IOException {
        Path made = Files.createDirectories(system.resolve(folder));
        Files.createDirectories(made.resolve(file).getParent());
        Files.writeString(made.resolve(file), text);
        Files.createSymbolicLink(system.resolve(number), made);
    }

    @Test
    void aDeviceIsKnownByWhatItsMakerCalledIt() throws IOException {
        device("8:0", "block/sda", "device/wwid", "naa.5000c500\n");
        device("8:1", "block/sda/sda1", "partition", "1\n");
        device("253:258", "block/dm-258", "dm/uuid", "LVM-abc\n");
        assertThat(BlockDevices.name(system, SDA)).isEqualTo("device/wwid:naa.5000c500");
        assertThat(BlockDevices.name(system, SDA1)).isEqualTo("device/wwid:naa.5000c500/1");
        assertThat(BlockDevices.name(system, DM)).isEqualTo("dm/uuid:LVM-abc");
    }

    @Test
    void oneWithoutANameHasNone() throws IOException {
        device("8:0", "block/sda", "size", "2048\n");
        assertThat(BlockDevices.name(system, SDA)).isEmpty();
        assertThat(BlockDevices.name(system, SDA1)).isEmpty();
    }

    @Test
    void twoDevicesAreOneWhereTheirNamesSaySoElseWhereTheirPathsDo() {
        BackendMark named = device("/dev/sdb", "wwid:1");
        assertThat(named.isSameAs(device("/dev/sdc", "wwid:1"))).isTrue();
        assertThat(named.isSameAs(device("/dev/sdb", "wwid:2"))).isFalse();
        assertThat(device("/dev/sdb", "").isSameAs(named)).isTrue();
        assertThat(device("/dev/sdb", "").isSameAs(device("/dev/sdc", ""))).isFalse();
        assertThat(named.isSameAs(new BackendMark(BackendMark.Kind.NBD, "/dev/sdb", "wwid:1", "")))
                .isFalse();
    }

    private static BackendMark device(String path, String id) {
        return new BackendMark(BackendMark.Kind.DEVICE, path, id, "");
    }
}
