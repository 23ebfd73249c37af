package dev.unwrite.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VolumeSpecTest {
    @Test
    void readsAllItsForms() {
        assertThat(VolumeSpec.parse("vm1/disk=a,b=c.img,size=1G"))
                .isEqualTo(new VolumeSpec("vm1", "disk", "a,b=c.img", OptionalLong.of(1L << 30)));
        assertThat(VolumeSpec.parse("g/d=nbd+unix:///x?socket=/run/y.sock"))
                .isEqualTo(new VolumeSpec("g", "d", "nbd+unix:///x?socket=/run/y.sock", OptionalLong.empty()));
        assertThat(VolumeSpec.parse("g/d=/dev/vg0/disk").backend()).isEqualTo("/dev/vg0/disk");
    }

    @ParameterizedTest
    @CsvSource({"1,1", "512,512", "4k,4096", "3M,3145728", "1G,1073741824", "2T,2199023255552"})
    void readsSizes(String text, long bytes) {
        assertThat(VolumeSpec.parseSize(text)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "disk.img",
                "g=disk.img",
                "g/d",
                "g/d=",
                "/d=x",
                "g/=x",
                "g/d/e=x",
                "g!/d=x",
                "g/d=x,size=",
                "g/d=x,size=0",
                "g/d=x,size=-1",
                "g/d=x,size=1X",
                "g/d=x,size=9999999999999999999",
                "g/d=x,size=1025T"
            })
    void refusesTheRest(String text) {
        assertThatThrownBy(() -> VolumeSpec.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .message()
                .isNotBlank()
                .doesNotContain("\n");
    }
}
