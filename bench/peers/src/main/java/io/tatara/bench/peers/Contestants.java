package io.tatara.bench.peers;

import io.tatara.kernels.TataraException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Who takes part, and how each one's JVM is started. */
final class Contestants {
    static final String JVM = "tatara-jvm";
    static final String OPENCL = "tatara-opencl";
    static final String ONNX_RUNTIME = "onnxruntime";
    static final String PYTORCH = "pytorch";
    static final String ONEDNN = "onednn";
    static final String OPENBLAS = "openblas";
    static final String ND4J = "nd4j";

    /** For the suite of convolutions, where it is named. */
    static final String CLBLAST = "clblast";

    static final List<String> PEERS = List.of(ONNX_RUNTIME, PYTORCH, ONEDNN, OPENBLAS, ND4J);

    /** Whoever may be named. */
    static final List<String> ALL = List.of(ONNX_RUNTIME, PYTORCH, ONEDNN, OPENBLAS, ND4J, CLBLAST);

    /** Those that take part in a suite where none is named. */
    static List<String> usual(String suite) {
        return suite.equals(PeerCase.CONVOLUTION) ? List.of(ONNX_RUNTIME, PYTORCH) : PEERS;
    }

    private Contestants() {}

    /** For people. */
    static String title(String name) {
        return switch (name) {
            case JVM -> "ours";
            case OPENCL -> "ours, OpenCL";
            case ONNX_RUNTIME -> "ONNX Runtime";
            case PYTORCH -> "PyTorch";
            case ONEDNN -> "oneDNN";
            case OPENBLAS -> "OpenBLAS";
            case ND4J -> "ND4J";
            case CLBLAST -> "CLBlast";
            default -> name;
        };
    }

    /** Made in the JVM that was started for it. */
    static Contestant open(String name, int threads) {
        return switch (name) {
            case JVM, OPENCL -> new Ours(name.equals(JVM) ? "jvm" : "opencl");
            case ONNX_RUNTIME -> new OnnxRuntime(threads);
            case PYTORCH -> new PyTorch(false);
            case ONEDNN -> new PyTorch(true);
            case OPENBLAS -> new OpenBlas();
            case ND4J -> new Nd4jArrays();
            case CLBLAST -> new ClBlast();
            default -> throw new TataraException("no peer '" + name + "'");
        };
    }

    static List<String> command(String name, int threads) {
        List<String> c = new ArrayList<>();
        c.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        c.add("--add-modules=jdk.incubator.vector");
        c.add("--enable-native-access=ALL-UNNAMED");
        c.add("--sun-misc-unsafe-memory-access=allow");
        c.add("-Xmx3g");
        c.add("-Djava.awt.headless=true");
        c.add("-Dtatara.threads=" + threads);
        c.add("-Dai.djl.offline=true");
        c.add("-Dai.djl.pytorch.num_threads=" + threads);
        c.add("-Dai.djl.pytorch.num_interop_threads=1");
        c.add("-Dtatara.peers.openblas=" + System.getProperty("tatara.peers.openblas", ""));
        c.add("-cp");
        c.add(classPath());
        c.add(Worker.class.getName());
        c.add(name);
        c.add(Integer.toString(threads));
        return c;
    }

    /** Short: ONNX Runtime 1.29 ends the process where the command line is longer than a page. */
    static String classPath() {
        String folder = System.getProperty("tatara.peers.lib");
        return folder == null ? System.getProperty("java.class.path") : folder + "/*";
    }

    /**
     * OpenBLAS takes the AVX2 kernels of an Intel CPU for AMD CPUs that are newer than itself; this
     * names the kernels that use what such a CPU has, as someone who wants its best would. Empty
     * where it knows by itself.
     */
    private static String openBlasCpu() {
        try {
            String cpu = Files.readString(Path.of("/proc/cpuinfo"));
            if (!cpu.contains("AuthenticAMD") || !cpu.contains(" avx512f ")) {
                return "";
            }
            return cpu.contains("avx512_bf16") ? "Cooperlake" : "SkylakeX";
        } catch (IOException e) {
            return "";
        }
    }

    static Map<String, String> environment(int threads) {
        String n = Integer.toString(threads);
        Map<String, String> e = new LinkedHashMap<>();
        e.put("OMP_NUM_THREADS", n);
        e.put("MKL_NUM_THREADS", n);
        e.put("OPENBLAS_NUM_THREADS", n);
        e.put("POCL_MAX_PTHREAD_COUNT", n);
        String cpu = openBlasCpu();
        if (!cpu.isEmpty()) {
            e.put("OPENBLAS_CORETYPE", cpu);
        }
        e.put("DJL_OFFLINE", "true");
        e.put("OPT_OUT_TRACKING", "true");
        return e;
    }
}
