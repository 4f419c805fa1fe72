package io.tatara.bench.peers;

import io.tatara.kernels.Op;
import io.tatara.kernels.OpEntry;
import io.tatara.kernels.OpTable;
import io.tatara.kernels.TataraException;
import java.lang.reflect.RecordComponent;
import java.util.Map;

/** Ops by their names and attributes, so that a comparison also runs on a table that lacks some. */
final class TableOps {
    private TableOps() {}

    /**
     * @param attributes every component of the op's record; those of an enum by their names
     * @return null where the table has no such op
     */
    static Op make(String name, Map<String, Object> attributes) {
        for (OpEntry<?> e : OpTable.all()) {
            if (e.name().equals(name)) {
                return make(e.type(), attributes);
            }
        }
        return null;
    }

    private static Op make(Class<?> type, Map<String, Object> attributes) {
        RecordComponent[] components = type.getRecordComponents();
        Class<?>[] types = new Class<?>[components.length];
        Object[] values = new Object[components.length];
        for (int i = 0; i < components.length; i++) {
            types[i] = components[i].getType();
            Object v = attributes.get(components[i].getName());
            if (types[i].isEnum() && v != null) {
                for (Object constant : types[i].getEnumConstants()) {
                    if (constant.toString().equals(v)) {
                        values[i] = constant;
                    }
                }
            } else {
                values[i] = v;
            }
            if (values[i] == null) {
                throw new TataraException(type.getSimpleName() + ": " + components[i] + "?");
            }
        }
        try {
            return (Op) type.getDeclaredConstructor(types).newInstance(values);
        } catch (ReflectiveOperationException x) {
            throw new TataraException("cannot make " + type.getSimpleName() + ": " + x, x);
        }
    }
}
