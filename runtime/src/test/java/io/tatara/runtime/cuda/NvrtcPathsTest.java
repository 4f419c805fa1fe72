package io.tatara.runtime.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where NVRTC is looked for, on folders made for the purpose. */
class NvrtcPathsTest {
    @TempDir Path root;

    private Path file(String name) throws Exception {
        Path p = root.resolve(name);
        Files.createDirectories(p.getParent());
        return Files.createFile(p);
    }

    @Test
    void newestFirstAndEachFileOnce() throws Exception {
        Path full = file("lib64/libnvrtc.so.12.4.127");
        Files.createSymbolicLink(root.resolve("lib64/libnvrtc.so.12"), full);
        Files.createSymbolicLink(root.resolve("lib64/libnvrtc.so"), full);
        file("lib64/libnvrtc.so.13");
        file("lib64/libnvrtc-builtins.so.12.4");
        file("lib64/libnvrtc-builtins.so.13.0");
        file("lib64/libnvrtc_static.a");
        file("lib64/libnvrtc.alt.so.13");
        assertThat(NvrtcPaths.in(root.resolve("lib64")))
                .containsExactly(
                        new NvrtcPaths.Candidate(root.resolve("lib64/libnvrtc.so.13"), 13),
                        new NvrtcPaths.Candidate(root.resolve("lib64/libnvrtc.so"), 12));
        assertThat(NvrtcPaths.builtins(root.resolve("lib64/libnvrtc.so")))
                .containsExactly(root.resolve("lib64/libnvrtc-builtins.so.12.4"));
        assertThat(NvrtcPaths.builtins(root.resolve("lib64/libnvrtc.so.13")))
                .containsExactly(root.resolve("lib64/libnvrtc-builtins.so.13.0"));
        assertThat(NvrtcPaths.in(root.resolve("nowhere"))).isEmpty();
    }

    @Test
    void toolkitsThenPythonThenTheSystem() throws Exception {
        file("toolkit/targets/x86_64-linux/lib/libnvrtc.so.12");
        file("venv/lib/python3.12/site-packages/nvidia/cu13/lib/libnvrtc.so.13");
        file("home/.local/lib/python3.11/site-packages/nvidia/cuda_nvrtc/lib/libnvrtc.so.12");
        NvrtcPaths p =
                NvrtcPaths.standard(
                        Map.of(
                                "CUDA_HOME", root.resolve("toolkit").toString(),
                                "VIRTUAL_ENV", root.resolve("venv").toString()),
                        root.resolve("home"));
        Path toolkit = root.resolve("toolkit/lib64");
        Path target = root.resolve("toolkit/targets/x86_64-linux/lib");
        Path venv = root.resolve("venv/lib/python3.12/site-packages/nvidia/cu13/lib");
        Path home = root.resolve("home/.local/lib/python3.11/site-packages/nvidia/cuda_nvrtc/lib");
        assertThat(p.folders()).containsSubsequence(toolkit, target, venv, home);
        assertThat(p.folders()).doesNotHaveDuplicates();
        assertThat(p.names()).contains("libnvrtc.so.13", "libnvrtc.so.12");
    }

    @Test
    void whatDoesNotLoadIsToldAndPassedOver() throws Exception {
        Path broken = file("toolkit/lib64/libnvrtc.so.12");
        NvrtcPaths p =
                new NvrtcPaths(
                        java.util.List.of(broken.getParent(), root.resolve("empty")),
                        java.util.List.of("libNoSuchNvrtc.so.12"));
        Compilers.Result r = Compilers.find(p, 90, 12000);
        assertThat(r.nvrtc()).isNull();
        assertThat(r.tried())
                .containsExactlyInAnyOrder(
                        broken.toString(),
                        root.resolve("empty").toString(),
                        "libNoSuchNvrtc.so.12");
    }

    /** Such as NVRTC 12.6 beside a Blackwell: wgmma, which 90 stands for, is no more there. */
    @Test
    void hoppersKernelsAreForHopperAlone() {
        int[] known = {75, 80, 86, 87, 89, 90};
        assertThat(Nvrtc.newest(known, 90)).isEqualTo(90);
        assertThat(Nvrtc.newest(known, 89)).isEqualTo(89);
        assertThat(Nvrtc.newest(known, 100)).isEqualTo(89);
        assertThat(Nvrtc.newest(known, 120)).isEqualTo(89);
        assertThat(Nvrtc.newest(new int[] {80, 90, 100, 120}, 103)).isEqualTo(100);
        assertThat(Nvrtc.newest(new int[] {90, 100}, 89)).isZero();
    }
}
