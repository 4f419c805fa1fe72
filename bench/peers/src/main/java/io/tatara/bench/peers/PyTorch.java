package io.tatara.bench.peers;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import io.tatara.kernels.TataraException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * PyTorch through DJL. The work stands in TorchScript ({@link TorchScripts}), since DJL has no
 * method for most of it; what a run costs beyond the library is one call through JNI.
 */
final class PyTorch implements Contestant {
    private final NDManager manager = NDManager.newBaseManager(Device.cpu(), "PyTorch");
    private final boolean oneDnn;

    /**
     * @param oneDnn only products, by PyTorch's oneDNN layers instead of what it chooses by itself
     */
    PyTorch(boolean oneDnn) {
        this.oneDnn = oneDnn;
    }

    @Override
    public Map<String, String> facts() {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("version", Engine.getEngine("PyTorch").getVersion());
        facts.put("threads", Integer.toString(JniUtils.getNumThreads()));
        facts.put("through", "DJL");
        return facts;
    }

    @Override
    public Work prepare(PeerCase c) {
        TorchScripts.Script s = oneDnn ? TorchScripts.oneDnn(c) : TorchScripts.of(c);
        return s == null ? null : new Run(s);
    }

    private final class Run implements Work {
        private final TorchScripts.Script script;
        private final NDManager memory = manager.newSubManager();
        private final PtSymbolBlock block;
        private final NDList in;
        private NDList out;

        Run(TorchScripts.Script script) {
            this.script = script;
            JniUtils.setGradMode(script.training());
            block = load(script.code());
            NDList given = new NDList();
            for (TorchScripts.Array a : script.inputs()) {
                Shape shape = new Shape(a.dims());
                NDArray n =
                        a.longs() != null
                                ? memory.create(a.longs(), shape)
                                : memory.create(a.floats(), shape);
                given.add(n);
            }
            in = once(script.before(), given);
        }

        private PtSymbolBlock load(String code) {
            try {
                var stream = new ByteArrayInputStream(TorchScript.archive(code));
                return JniUtils.loadModule((PtNDManager) memory, stream, false, false);
            } catch (IOException e) {
                throw new TataraException("PyTorch: " + e.getMessage(), e);
            }
        }

        private NDList once(String code, NDList list) {
            if (code.isEmpty()) {
                return list;
            }
            try (PtSymbolBlock b = load(code)) {
                return IValueUtils.forward(b, list, false);
            }
        }

        @Override
        public void run() {
            if (out != null) {
                out.close();
            }
            out = IValueUtils.forward(block, in, script.training());
        }

        @Override
        public float[] result() {
            return once(script.after(), out).get(0).toFloatArray();
        }

        @Override
        public String how() {
            return script.how();
        }

        @Override
        public void close() {
            if (out != null) {
                out.close();
            }
            block.close();
            memory.close();
        }
    }
}
