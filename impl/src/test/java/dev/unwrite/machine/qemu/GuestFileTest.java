package dev.unwrite.machine.qemu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a user may ask of QEMU, and what is refused with the reason before anything runs. */
class GuestFileTest {
    private static final List<String> PLAIN = List.of("-machine", "pc-q35-7.2", "-m", "256M");

    @TempDir
    Path dir = Path.of("unset");

    private static GuestFile with(String... more) {
        List<String> lines = new ArrayList<>(PLAIN);
        lines.addAll(List.of(more));
        return GuestFile.of(lines);
    }

    private static void isRefused(String start, String reason, String... more) {
        assertThatThrownBy(() -> with(more))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(start)
                .hasMessageContaining(reason)
                .hasMessageNotContaining("\n");
    }

    @Test
    void aPlainGuestIsTaken() {
        GuestFile guest = with("-netdev", "user,id=n0", "-device", "virtio-net-pci,netdev=n0", "-accel", "kvm");
        assertThat(guest.arguments()).startsWith("-machine", "pc-q35-7.2").endsWith("-accel", "kvm");
        assertThat(guest.ramBytes()).isEqualTo(256L << 20);
        assertThat(guest.netdevs()).containsExactly("n0");
        assertThat(guest.hash()).matches("[0-9a-f]{16}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-incoming",
                "-snapshot",
                "-loadvm",
                "-daemonize",
                "-qmp",
                "-qmp-pretty",
                "-mem-path",
                "-S",
                "-pidfile",
                "-preconfig",
                "-only-migratable",
                "-run-with"
            })
    void whatTheNodeDecidesIsRefused(String option) {
        isRefused(option + " cannot be here: ", "the node decides that itself", option, "x");
        isRefused(option + " cannot be here: ", "the node decides that itself", "-" + option, "x");
    }

    /** Arguments that come from elsewhere would be seen by nobody here, and would not count for the hash. */
    @ParameterizedTest
    @ValueSource(strings = {"-readconfig", "-set"})
    void whatAddsArgumentsUnseenIsRefused(String option) {
        isRefused(option + " cannot be here: ", "one argument a line", option, "x");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "-drive|file=x.img,if=virtio",
                "-drive|file=x.img,readonly=off",
                "-blockdev|driver=file,filename=x.img,node-name=d",
                "-blockdev|driver=file,filename=x.img,node-name=d,read-only=off",
                "--drive|file=x.img",
                "-drive|file=x.img,serial=readonly=on"
            })
    void aDiskThatIsWrittenAndIsNoVolumeIsRefused(String option, String value) {
        String said = option.startsWith("--") ? option.substring(1) : option;
        isRefused(said + " " + value + " cannot be here: ", "must be a volume of the group", option, value);
    }

    /** These take the name of a file and nothing else: one that ends in readonly=on is written as any other. */
    @ParameterizedTest
    @ValueSource(strings = {"-hda", "-hdb", "-hdc", "-hdd", "-fda", "-fdb", "-sd", "-pflash", "-mtdblock"})
    void anOptionThatMakesAWrittenDiskIsRefusedWhateverItsFileIsCalled(String option) {
        isRefused(option + " x.img cannot be here: ", "must be a volume of the group", option, "x.img");
        isRefused(option, "must be a volume of the group", option, "x.img,readonly=on");
        isRefused(option, "must be a volume of the group", option, "x.img,media=cdrom");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "-drive|file=cd.iso,media=cdrom",
                "-drive|file=x.img,if=pflash,format=raw,unit=0,readonly=on",
                "-blockdev|driver=file,filename=x.img,node-name=d,read-only=on",
                "--drive|file=cd.iso,media=cdrom",
                "-cdrom|cd.iso",
                "-netdev|tap,id=n0,vhost=off",
                "--netdev|user,id=n0",
                "-object|rng-random,id=r0,filename=/dev/urandom",
                "-accel|kvm",
                "-append|console=ttyS0 panic=-1"
            })
    void whatIsHarmlessIsTaken(String option, String value) {
        assertThat(with(option, value).arguments()).endsWith(option, value);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-nic", "-net"})
    void aNetworkWithoutANameIsRefused(String option) {
        isRefused(option + " cannot be here: ", "use -netdev and -device", option, "user");
    }

    @ParameterizedTest
    @ValueSource(strings = {"-virtfs", "-fsdev"})
    void aFolderOfTheHostIsRefused(String option) {
        isRefused(option + " cannot be here: ", "a folder of the host", option, "local,path=/tmp");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "-netdev|tap,id=n0,vhost=on|vhost",
                "-netdev|vhost-user,id=n0,chardev=c|vhost",
                "-netdev|vhost-vdpa,id=n0,vhostdev=/dev/x|vhost",
                "--netdev|tap,id=n0,vhost=on|vhost",
                "-netdev|vhost-user,id=n0,chardev=c,vhost=off|vhost",
                "-device|vhost-vsock-pci,guest-cid=3|vhost",
                "-device|vfio-pci,host=01:00.0|vfio",
                "-device|virtio-9p-pci,fsdev=f,mount_tag=t|9p",
                "-chardev|socket,id=c,path=/run/virtiofs.sock|virtiofs",
                "-device|ivshmem-plain,memdev=m|ivshmem",
                "-device|nvdimm,memdev=m|nvdimm",
                "-device|pc-dimm,memdev=m|pc-dimm",
                "-device|virtio-mem-pci,memdev=m|virtio-mem",
                "-device|virtio-pmem-pci,memdev=m|virtio-pmem"
            })
    void whatCannotBeMirroredIsRefused(String option, String value, String word) {
        isRefused("-", "what " + word + " holds is not part of the guest's state", option, value);
    }

    @Test
    void memoryOfItsOwnIsRefused() {
        String why = "the node makes the guest's memory";
        isRefused("-object memory-backend-ram,", why, "-object", "memory-backend-ram,id=m,size=256M");
        isRefused("-object {", why, "-object", "{\"qom-type\":\"memory-backend-file\",\"id\":\"m\"}");
        isRefused("-machine pc-q35-7.2,", why, "-machine", "pc-q35-7.2,memory-backend=m");
        isRefused("-M memory-backend=m ", why, "-M", "memory-backend=m");
    }

    /** The node attaches each volume, once. */
    @Test
    void aDeviceOnAVolumeIsRefused() {
        isRefused(
                "-device virtio-blk-pci,drive=unwrite-disk cannot be here: ",
                "the node attaches the volumes",
                "-device",
                "virtio-blk-pci,drive=unwrite-disk");
    }

    @Test
    void theNetworkHasAnId() {
        isRefused("-netdev user has no id=", "", "-netdev", "user");
        isRefused("-netdev user,id= has no id=", "", "-netdev", "user,id=");
        isRefused("-netdev user,id=../../x has no id=", "letter", "-netdev", "user,id=../../x");
        assertThat(with("-netdev", "user,id=n0", "--netdev", "id=n_1.x-2,type=user")
                        .netdevs())
                .containsExactly("n0", "n_1.x-2");
    }

    @ParameterizedTest
    @ValueSource(strings = {"q35", "pc", "accel=tcg", "type=q35,accel=kvm", "microvm", "q35,accel=tcg-7.2"})
    void aMachineWithoutAVersionIsRefused(String machine) {
        assertThatThrownBy(() -> GuestFile.of(List.of("-machine", machine, "-m", "256M")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("there is no machine type with a version")
                .hasMessageContaining("pc-q35-7.2");
    }

    @ParameterizedTest
    @ValueSource(strings = {"pc-q35-7.2", "pc-i440fx-7.2,accel=tcg", "type=pc-q35-7.2", "accel=tcg,type=pc-q35-7.2"})
    void aMachineWithAVersionIsTaken(String machine) {
        for (String option : List.of("-M", "-machine", "--machine")) {
            GuestFile guest = GuestFile.of(List.of(option, machine, "-m", "256M"));
            assertThat(guest.arguments()).contains(machine);
        }
    }

    /** QEMU takes the last one; other words may come after the type in an option of their own. */
    @Test
    void ofTwoMachinesTheLastCounts() {
        assertThat(with("-machine", "accel=tcg").arguments()).endsWith("accel=tcg");
        isRefused("there is no machine type with a version", "", "-machine", "q35");
        assertThat(GuestFile.of(List.of("-M", "q35", "-m", "1G", "-M", "pc-q35-7.2"))
                        .ramBytes())
                .isEqualTo(1L << 30);
    }

    /** QEMU knows no such spelling, so it is not the option. */
    @Test
    void anEqualsSignIsNoSpace() {
        assertThatThrownBy(() -> GuestFile.of(List.of("-machine=pc-q35-7.2", "-m", "256M")))
                .hasMessageStartingWith("there is no machine type with a version");
        assertThatThrownBy(() -> GuestFile.of(List.of("-machine", "pc-q35-7.2", "-m=256M")))
                .hasMessageStartingWith("there is no -m");
    }

    @ParameterizedTest
    @CsvSource({
        "256, 268435456",
        "256M, 268435456",
        "256m, 268435456",
        "size=2G, 2147483648",
        "1024k, 1048576",
        "3072K, 3145728",
        "1T, 1099511627776"
    })
    void memoryHasASize(String size, long bytes) {
        assertThat(GuestFile.of(List.of("-machine", "pc-q35-7.2", "-m", size)).ramBytes())
                .isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "0",
                "1.5G",
                "-1",
                "256MB",
                "size=",
                "256M,slots=2",
                "1000k",
                "1023k",
                "2T",
                "1025G",
                "16777217T",
                "999999999T",
                "9999999999"
            })
    void anOddSizeIsRefused(String size) {
        List<String> lines = new ArrayList<>(List.of("-machine", "pc-q35-7.2", "-m"));
        lines.add(size);
        assertThatThrownBy(() -> GuestFile.of(lines))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("-m " + size + " cannot be here: it is ");
    }

    @Test
    void withoutASizeItIsRefused() {
        assertThatThrownBy(() -> GuestFile.of(List.of("-machine", "pc-q35-7.2")))
                .hasMessageStartingWith("there is no -m; say how much memory the guest has");
    }

    @Test
    void theHashIsOfTheArgumentsAlone() {
        String plain = GuestFile.of(PLAIN).hash();
        assertThat(GuestFile.of(List.of("# mine", " -machine ", "pc-q35-7.2", "", "#", "-m", "256M", "  ")))
                .satisfies(same -> assertThat(same.hash()).isEqualTo(plain))
                .satisfies(same -> assertThat(same.arguments()).isEqualTo(PLAIN));
        assertThat(GuestFile.of(List.of("-machine", "pc-q35-7.2", "-m", "257M")).hash())
                .isNotEqualTo(plain);
        assertThat(with("-no-reboot").hash()).isNotEqualTo(plain);
        assertThat(with("-name", "a b").hash())
                .isNotEqualTo(with("-name", "a", "b").hash());
    }

    @Test
    void aFileIsReadAndNamedInWhatIsWrong() throws IOException {
        Path file = dir.resolve("guest.args");
        assertThatThrownBy(() -> GuestFile.read(file))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith(file + " is not a file");
        assertThatThrownBy(() -> GuestFile.read(dir)).hasMessageStartingWith(dir + " is not a file");
        Files.write(file, PLAIN);
        assertThat(GuestFile.read(file)).isEqualTo(GuestFile.of(PLAIN));
        Files.write(file, List.of("-m", "256M"));
        assertThatThrownBy(() -> GuestFile.read(file))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith(file + ": there is no machine type with a version");
        Files.write(file, new byte[(1 << 20) + 1]);
        assertThatThrownBy(() -> GuestFile.read(file)).hasMessageStartingWith(file + " is larger than 1 MiB");
        Files.write(file, "-name\n\u00e9\n".getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> GuestFile.read(file)).hasMessageStartingWith(file + " is not text in UTF-8");
    }
}
