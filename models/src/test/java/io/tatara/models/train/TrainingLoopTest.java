package io.tatara.models.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tatara.kernels.TataraException;
import io.tatara.models.OnJvm;
import io.tatara.models.nn.Parameters;
import io.tatara.models.optim.SgdOptimizer;
import io.tatara.runtime.Tape;
import io.tatara.runtime.Tensor;
import io.tatara.runtime.io.HostTensor;
import io.tatara.runtime.io.Safetensors;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingLoopTest extends OnJvm {

    @TempDir Path dir;

    /** Brings x towards the batch's number: loss (x − b)². */
    private static final class Nearing implements TrainingTask<Float> {
        private final Parameters p;
        private final List<Float> numbers;
        private final List<Double> metrics;

        Nearing(Parameters p, List<Float> numbers, List<Double> metrics) {
            this.p = p;
            this.numbers = numbers;
            this.metrics = metrics;
        }

        @Override
        public List<Float> batches(int epoch) {
            return numbers;
        }

        @Override
        public Tensor loss(Tape tape, Float batch, long step) {
            Tensor d = tape.ops().add(p.get("x"), -batch);
            return tape.ops().sum(tape.ops().mul(d, d));
        }

        @Override
        public double weight(Float batch) {
            return 1;
        }

        @Override
        public Evaluation evaluate(int epoch) {
            return new Evaluation(Map.of("m", metrics.get(epoch)), List.of());
        }
    }

    /** Trains and gives the weight at the end. */
    private float train(
            Path folder,
            List<Float> numbers,
            List<Double> metrics,
            boolean resume,
            StopRequest stop,
            TrainingListener l) {
        try (Parameters p = new Parameters(device, 1)) {
            p.full("x", 0, 1);
            try (SgdOptimizer o = new SgdOptimizer(p, 0)) {
                TrainingLoop<Float> loop =
                        loop(folder, p, o, new Nearing(p, numbers, metrics), l, stop);
                if (loop.run(resume).finished()) {
                    loop.loadBest();
                }
                return p.get("x").item();
            }
        }
    }

    private static TrainingLoop<Float> loop(
            Path folder,
            Parameters p,
            SgdOptimizer o,
            Nearing task,
            TrainingListener l,
            StopRequest stop) {
        TrainingLoop.Options options =
                new TrainingLoop.Options(2, Schedule.constant(0.25), 0, folder, "m", true);
        return new TrainingLoop<>(device, p, o, task, options, l, stop);
    }

    @Test
    void theBestEpochIsKeptAndTheLossIsTheMean() {
        List<EpochRecord> records = new ArrayList<>();
        TrainingListener l =
                new TrainingListener() {
                    @Override
                    public void epochDone(EpochRecord r, List<String> samples) {
                        records.add(r);
                    }
                };
        // Each step halves the distance: x = 4, 6 after the first epoch; 7, 7.5 after the second.
        float x = train(dir, List.of(8f, 8f), List.of(2.0, 1.0), false, new StopRequest(), l);
        assertThat(x).isCloseTo(6, within(1e-6f));
        assertThat(records.get(0).trainLoss()).isCloseTo((64 + 16) / 2.0, within(1e-5));
        assertThat(records.get(1).trainLoss()).isCloseTo((4 + 1) / 2.0, within(1e-5));
        assertThat(records.get(1).steps()).isEqualTo(4);
    }

    @Test
    void aLossThatIsNoNumberStopsTrainingAndLeavesNoCheckpoint() {
        assertThatThrownBy(() ->
                        train(
                                dir,
                                List.of(1f, Float.NaN, 1f),
                                List.of(0.0, 0.0),
                                false,
                                new StopRequest(),
                                TrainingListener.NONE))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("NaN in epoch 1, batch 2 of 3")
                .hasMessageContaining("learning rate");
        assertThat(dir.resolve("last.safetensors")).doesNotExist();
    }

    @Test
    void aMetricThatIsNoNumberStopsTrainingToo() {
        assertThatThrownBy(() ->
                        train(
                                dir,
                                List.of(8f, 8f),
                                List.of(Double.NaN, 1.0),
                                false,
                                new StopRequest(),
                                TrainingListener.NONE))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("after epoch 1 gives {m=NaN}");
        assertThat(dir.resolve("best.safetensors")).doesNotExist();
    }

    @Test
    void whatWasStoppedGoesOnToTheSameNumbers() {
        List<Float> numbers = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            numbers.add((float) Math.sin(i));
        }
        List<Double> metrics = List.of(1.0, 2.0);
        float whole =
                train(
                        dir.resolve("a"),
                        numbers,
                        metrics,
                        false,
                        new StopRequest(),
                        TrainingListener.NONE);
        StopRequest stop = new StopRequest();
        List<Path> stopped = new ArrayList<>();
        TrainingListener raising =
                new TrainingListener() {
                    @Override
                    public void progressed(int batch, int batches, double loss) {
                        stop.raise();
                    }

                    @Override
                    public void stopped(Path checkpoint) {
                        stopped.add(checkpoint);
                    }
                };
        train(dir.resolve("b"), numbers, metrics, false, stop, raising);
        assertThat(stopped).hasSize(1).allSatisfy(f -> assertThat(Files.exists(f)).isTrue());
        assertThatThrownBy(() ->
                        train(
                                dir.resolve("b"),
                                numbers,
                                metrics,
                                false,
                                new StopRequest(),
                                TrainingListener.NONE))
                .hasMessageContaining("unfinished");
        assertThat(
                        train(
                                dir.resolve("b"),
                                numbers,
                                metrics,
                                true,
                                new StopRequest(),
                                TrainingListener.NONE))
                .isEqualTo(whole);
    }

    @Test
    void thereMustBeSomethingToResume() {
        assertThatThrownBy(() ->
                        train(
                                dir,
                                List.of(1f),
                                List.of(0.0, 0.0),
                                true,
                                new StopRequest(),
                                TrainingListener.NONE))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("nothing to resume");
    }

    /** Resume would take the finished run's checkpoint for that of the new one. */
    @Test
    void aRunCutOffInItsFirstEpochDoesNotResumeTheOneBefore() {
        List<Double> metrics = List.of(1.0, 2.0);
        train(dir, List.of(8f), metrics, false, new StopRequest(), TrainingListener.NONE);
        assertThatThrownBy(() ->
                        train(
                                dir,
                                List.of(Float.NaN),
                                metrics,
                                false,
                                new StopRequest(),
                                TrainingListener.NONE))
                .hasMessageContaining("NaN in epoch 1");
        assertThatThrownBy(() ->
                        train(
                                dir,
                                List.of(1f),
                                metrics,
                                true,
                                new StopRequest(),
                                TrainingListener.NONE))
                .hasMessageContaining("nothing to resume");
    }

    @Test
    void damagedCheckpointsAreNamed() {
        List<Double> metrics = List.of(1.0, 2.0);
        train(dir, List.of(8f), metrics, false, new StopRequest(), TrainingListener.NONE);
        for (String file : List.of("last.safetensors", "best.safetensors")) {
            Path path = dir.resolve(file);
            Safetensors.Content whole = Safetensors.read(path);
            for (String name : whole.tensors().keySet()) {
                Map<String, HostTensor> rest = new LinkedHashMap<>(whole.tensors());
                rest.remove(name);
                refused(path, rest, whole.metadata());
            }
            for (String progress : List.of("null", "{}", "{\"epoch\": 2", "[]")) {
                if (whole.metadata().containsKey("progress")) {
                    refused(path, whole.tensors(), Map.of("progress", progress));
                }
            }
            Safetensors.write(path, whole.tensors(), whole.metadata());
        }
    }

    private void refused(Path file, Map<String, HostTensor> tensors, Map<String, String> metadata) {
        Safetensors.write(file, tensors, metadata);
        assertThatThrownBy(() ->
                        train(
                                dir,
                                List.of(8f),
                                List.of(1.0, 2.0),
                                true,
                                new StopRequest(),
                                TrainingListener.NONE))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining(file.toString());
    }

    @Test
    void theScheduleRisesStaysAndFalls() {
        Schedule s = Schedule.plateau(1, 10, 0.5, 0.1);
        assertThat(s.at(0, 100)).isCloseTo(0.1, within(1e-12));
        assertThat(s.at(30, 100)).isEqualTo(1);
        assertThat(s.at(75, 100)).isCloseTo(0.55, within(1e-12));
        assertThat(s.at(100, 100)).isCloseTo(0.1, within(1e-12));
        assertThat(Schedule.plateau(1, 0, 1, 0).at(99, 100)).isEqualTo(1);
    }

    @Test
    void theShutdownGuardLeavesNothingBehind() {
        StopRequest s = new StopRequest();
        StopRequest.Guard guard = s.onShutdown();
        assertThat(s.requested()).isFalse();
        guard.close();
        guard.close();
        assertThat(s.requested()).isFalse();
    }
}
