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
            var expected = new Dictionary<int, List<long>>();
            for (var number = 64L; number < 20_000; number++)
            {
                // Few hashes that lie side by side at both ends of what there is, and many that lie anywhere.
                var hash = number % 4 == 0 ? random.Next(50) - 25 : number % 4 == 1 ? int.MaxValue - random.Next(50) : random.Next(int.MinValue, int.MaxValue);
                keys.Add(hash, number);
                (expected.TryGetValue(hash, out var known) ? known : expected[hash] = []).Add(number);
            }

            keys.Count.ShouldBe(expected.Values.Sum(numbers => numbers.Count));
            foreach (var hash in expected.Keys.Concat(Enumerable.Range(100, 1_000)).Concat(Enumerable.Range(0, 1_000).Select(_ => random.Next())))
            {
                Found(keys, hash).Order().ShouldBe(expected.GetValueOrDefault(hash, []));
            }

            keys.Clear();
            (keys.Count, expected.Keys.Sum(hash => Found(keys, hash).Count())).ShouldBe((0, 0));
        }
    }

    private static IEnumerable<long> Found(SqliteTailKeys keys, int hash)
    {
        for (var step = keys.Find(hash, 0, out var number); step >= 0; step = keys.Find(hash, step + 1, out number))
        {
            yield return number;
        }
    }
}
