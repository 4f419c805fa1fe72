package io.tatara.bench.measure;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What an op is, as plain values that go into JSON: its record's components by name. */
final class OpFacts {
    private OpFacts() {}

    /**
     * The attributes. Nested records are maps with their class's simple name under {@code type},
     * enums their names, shapes lists. What cannot be read is left out.
     */
    static Map<String, Object> attributes(Op op) {
        return record(op.getClass(), op);
    }

    private static Map<String, Object> record(Class<?> type, Object r) {
        Map<String, Object> m = new LinkedHashMap<>();
        if (type.isRecord()) {
            for (RecordComponent c : type.getRecordComponents()) {
                Method get = c.getAccessor();
                try {
                    get.trySetAccessible();
                    m.put(c.getName(), value(get.invoke(r)));
                } catch (IllegalAccessException | InvocationTargetException e) {
                    // Not ours to see: whoever needs the attribute says that it is missing.
                }
            }
        }
        return m;
    }

    private static Object value(Object v) {
        return switch (v) {
            case null -> null;
            case DType t -> t.toString();
            case Enum<?> e -> e.name();
            case Shape s -> Arrays.stream(s.toArray()).boxed().toList();
            case TensorSpec s -> spec(s);
            case List<?> l -> {
                List<Object> list = new ArrayList<>();
                l.forEach(e -> list.add(value(e)));
                yield list;
            }
            case Record r -> {
                Map<String, Object> m = new LinkedHashMap<>();
                m.put("type", r.getClass().getSimpleName());
                m.putAll(record(r.getClass(), r));
                yield m;
            }
            case Number n -> n;
            case Boolean b -> b;
            default -> v.toString();
        };
    }

    /** Shape and dtype; null where absent. */
    static Map<String, Object> spec(TensorSpec s) {
        if (s == null) {
            return null;
        }
        Map<String, Object> m = new LinkedHashMap<>();
        m.put("dtype", s.dtype().toString());
        m.put("shape", value(s.shape()));
        return m;
    }

    /**
     * What a case's arithmetic is done in: {@code tf32} where float32 may be rounded so, else the
     * dtype of its first real tensor.
     */
    static String arithmetic(Case c) {
        for (TensorSpec s : c.specs()) {
            if (s != null && s.dtype().isFloating()) {
                boolean tf32 =
                        s.dtype() == DType.FLOAT32
                                && "TF32".equals(attributes(c.op()).get("precision"));
                return tf32 ? "tf32" : s.dtype().toString();
            }
        }
        return DType.FLOAT32.toString();
    }
}
