using BillApis.Sqlite;

namespace BillApis.Storage.Tests.Metering;

public sealed class SqliteTailKeysTests
{
    [Fact]
    public void Every_event_of_a_hash_is_found_and_no_other_as_in_a_dictionary_of_lists()
    {
        var (keys, random) = (new SqliteTailKeys(), new Random(3));
        for (var round = 0; round < 3; round++)
        {
            var expected = new Dictionary<ulong, List<long>>();
            for (var number = 64L; number < 20_000; number++)
            {
                // Few hashes that lie side by side at both ends of what there is, and many that lie anywhere.
                var hash = number % 4 == 0 ? (ulong)random.Next(50) : number % 4 == 1 ? ulong.MaxValue - (ulong)random.Next(50) : (ulong)random.NextInt64() << 1;
                keys.Add(hash, number);
                (expected.TryGetValue(hash, out var known) ? known : expected[hash] = []).Add(number);
            }

            keys.Count.ShouldBe(expected.Values.Sum(numbers => numbers.Count));
            foreach (var hash in expected.Keys.Concat(Enumerable.Range(0, 2_000).Select(i => i < 1_000 ? 100 + (ulong)i : (ulong)random.NextInt64())))
            {
                Found(keys, hash).Order().ShouldBe(expected.GetValueOrDefault(hash, []));
            }

            keys.Clear();
            (keys.Count, expected.Keys.Sum(hash => Found(keys, hash).Count)).ShouldBe((0, 0));
        }
    }

    private static List<long> Found(SqliteTailKeys keys, ulong hash)
    {
        var numbers = new List<long>();
        keys.Find(hash, numbers);
        return numbers;
    }
}
