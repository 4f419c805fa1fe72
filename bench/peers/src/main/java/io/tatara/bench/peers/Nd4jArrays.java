package io.tatara.bench.peers;

import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.factory.Nd4j;

/** ND4J on its native CPU back end, with the OpenBLAS that it brings. */
final class Nd4jArrays implements Contestant {
    private final Map<String, String> facts = new LinkedHashMap<>();

    Nd4jArrays() {
        facts.put("back end", Nd4j.getBackend().getClass().getSimpleName());
        String version = Nd4j.class.getPackage().getImplementationVersion();
        facts.put("version", version == null ? "1.0.0-M2.1" : version);
    }

    @Override
    public Map<String, String> facts() {
        return facts;
    }

    private static INDArray array(float[] v, long... shape) {
        return Nd4j.create(v, shape, DataType.FLOAT);
    }

    @Override
    public Work prepare(PeerCase c) {
        return switch (c.kind()) {
            case MATMUL, MATMUL_WEIGHT -> matmul(c.size("m"), c.size("n"), c.size("k"));
            case SOFTMAX -> {
                INDArray x = normal("x", 1, c.size("rows"), c.size("n"));
                INDArray y = x.ulike();
                yield op(y, "softmax", DynamicCustomOp.builder("softmax").addInputs(x), -1);
            }
            case LAYER_NORM -> {
                int n = c.size("n");
                INDArray x = normal("x", 1, c.size("rows"), n);
                var b = DynamicCustomOp.builder("layer_norm");
                b.addInputs(x, normal("scale", 1, n), normal("bias", 1, n))
                        .addBooleanArguments(true);
                yield op(x.ulike(), "layer_norm", b, 1);
            }
            case EMBEDDING -> {
                int d = c.size("d");
                int ids = c.size("ids");
                INDArray table = normal("table", 1, c.size("v"), d);
                INDArray index = Nd4j.createFromArray(Inputs.indices("ids", c.size("v"), ids));
                INDArray y = Nd4j.create(DataType.FLOAT, ids, d);
                yield op(y, "gather", DynamicCustomOp.builder("gather").addInputs(table, index), 0);
            }
            default -> null;
        };
    }

    private static INDArray normal(String name, double deviation, int... dims) {
        long[] shape = java.util.Arrays.stream(dims).asLongStream().toArray();
        int size = java.util.Arrays.stream(dims).reduce(1, Math::multiplyExact);
        return array(Inputs.normal(name, deviation, size), shape);
    }

    private static Work matmul(int m, int n, int k) {
        INDArray a = normal("a", 1, m, k);
        INDArray b = normal("b", 1, k, n);
        INDArray c = Nd4j.create(DataType.FLOAT, new long[] {m, n}, 'f');
        return new Run("mmuli into an array of order f", c, () -> a.mmuli(b, c));
    }

    private static Work op(
            INDArray y,
            String name,
            DynamicCustomOp.DynamicCustomOpsBuilder builder,
            int argument) {
        var op = builder.addOutputs(y).addIntegerArguments(argument).build();
        return new Run("op " + name + " into a given array", y, () -> Nd4j.exec(op));
    }

    private record Run(String how, INDArray y, Runnable body) implements Work {
        @Override
        public void run() {
            body.run();
        }

        @Override
        public float[] result() {
            return y.dup('c').data().asFloat();
        }

        @Override
        public void close() {
            // Its arrays go with the garbage collector.
        }
    }
}
