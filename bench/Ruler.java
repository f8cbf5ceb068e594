// Measures aws/event-ruler with the patterns and events of bench/patterns.py:
// java -cp EVENT_RULER.jar:ITS_DEPENDENCIES bench/Ruler.java RULES EVENTS
// Both files have one JSON document a line. Prints the median of the nanoseconds an event takes.

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import software.amazon.event.ruler.Machine;

public class Ruler {
    private static final int ROUNDS = 200;

    public static void main(String[] arguments) throws Exception {
        List<String> rules = Files.readAllLines(Path.of(arguments[0]));
        List<String> events = Files.readAllLines(Path.of(arguments[1]));
        Machine machine = new Machine();
        for (int number = 0; number < rules.size(); number++) {
            machine.addRule("route-" + number, rules.get(number));
        }
        long matches = 0;
        long[] nanoseconds = new long[ROUNDS];
        // The first half of the rounds is for the compiler of the JVM.
        for (int round = 0; round < 2 * ROUNDS; round++) {
            long start = System.nanoTime();
            for (String event : events) {
                matches += machine.rulesForJSONEvent(event).size();
            }
            if (round >= ROUNDS) {
                nanoseconds[round - ROUNDS] = (System.nanoTime() - start) / events.size();
            }
        }
        Arrays.sort(nanoseconds);
        System.out.println(nanoseconds[ROUNDS / 2] + " " + matches / (2 * ROUNDS));
    }
}
