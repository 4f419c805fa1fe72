package io.tatara.runtime.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import org.junit.jupiter.api.Test;

class ProgramTextTest {
    private final ProgramText text =
            ProgramText.of(
                    GpuTraits.Api.OPENCL,
                    GpuProgram.of(
                            "room/some.cl",
                            "first\nsecond\nthird\nfourth\n",
                            "TILE",
                            16,
                            "EXPR",
                            "((x) + 1)"));

    @Test
    void definesStandBeforeTheHeader() {
        assertThat(text.text())
                .startsWith("#define EXPR ((x) + 1)\n#define TILE 16\n")
                .endsWith("fourth\n");
        assertThat(text.text().split("\n")[text.prologue()]).isEqualTo("first");
    }

    @Test
    void showsTheLinesThatTheLogNames() {
        String line = "> room/some.cl    3 | third";
        assertThat(text.excerpt("room/some.cl:3:5: error: no"))
                .contains(line, "second", "fourth")
                .doesNotContain("first");
        assertThat(text.excerpt("room/some.cl(3): error: no")).contains(line);
        int absolute = text.prologue() + 3;
        assertThat(text.excerpt("<kernel>:" + absolute + ":5: error: no")).contains(line);
        assertThat(text.excerpt("/some/folder/input.cl:" + absolute + ": no")).contains(line);
        assertThat(text.excerpt("error: no, line " + absolute)).contains(line);
    }

    @Test
    void marksTheHeader() {
        assertThat(text.excerpt("<kernel>:2:1: error: no"))
                .contains("> (header)    2 | #define TILE 16");
    }

    @Test
    void isEmptyWhereTheLogNamesNoLine() {
        assertThat(text.excerpt("")).isEmpty();
        assertThat(text.excerpt("internal error 17")).isEmpty();
        assertThat(text.excerpt("<kernel>:99999:1: error; <kernel>:123456789123:1")).isEmpty();
    }
}
