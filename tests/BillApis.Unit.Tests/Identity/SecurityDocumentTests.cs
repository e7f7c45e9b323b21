using BillApis.Identity;
using BillApis.Tests;

namespace BillApis.Unit.Tests.Identity;

public sealed class SecurityDocumentTests
{
    [Fact]
    public void The_table_of_roles_says_what_the_built_in_roles_may_write()
    {
        var rows = File.ReadAllLines(Repository.PathOf("docs", "security.md")).Where(line => line.StartsWith("| `", StringComparison.Ordinal)).Select(line => line.Split('|', StringSplitOptions.TrimEntries)).ToList();
        rows.Select(row => row[1].Trim('`')).Order(StringComparer.Ordinal).ShouldBe(BuiltInRoles.All.Keys);
        foreach (var row in rows)
        {
            var writes = Permission.Resources.Where(resource => BuiltInRoles.All[row[1].Trim('`')].Allows(new Permission(resource, "write"))).Order(StringComparer.Ordinal);
            IEnumerable<string> told = row[3] switch
            {
                "everything" => Permission.Resources.Order(StringComparer.Ordinal),
                "everything but tenants" => Permission.Resources.Except(["tenants"]).Order(StringComparer.Ordinal),
                "nothing" => [],
                var list => list.Split(", "),
            };
            writes.ShouldBe(told, false, row[1]);
        }
    }

    [Fact]
    public void The_bounds_of_what_is_sent_to_tenants_are_the_limits() =>
        File.ReadAllText(Repository.PathOf("docs", "security.md")).ShouldContain(
            $"an answer has {Limits.OutgoingPatience.TotalSeconds:0} seconds, {Limits.OutgoingAnswerBytes / 1024} KiB and {Limits.OutgoingHeaderKilobytes} KiB of headers");

    // How many requirements of levels 1 and 2 each section of ASVS 5.0.0 has; they come before those of level 3.
    private static readonly Dictionary<string, int> Sections = new()
    {
        ["1.1"] = 2, ["1.2"] = 9, ["1.3"] = 11, ["1.4"] = 3, ["1.5"] = 2, ["2.1"] = 3, ["2.2"] = 3, ["2.3"] = 4, ["2.4"] = 1, ["3.2"] = 2, ["3.3"] = 4, ["3.4"] = 6, ["3.5"] = 5, ["3.7"] = 2,
        ["4.1"] = 3, ["4.2"] = 1, ["4.3"] = 2, ["4.4"] = 4, ["5.1"] = 1, ["5.2"] = 3, ["5.3"] = 2, ["5.4"] = 3, ["6.1"] = 3, ["6.2"] = 12, ["6.3"] = 4, ["6.4"] = 4, ["6.5"] = 5, ["6.6"] = 3, ["6.8"] = 4,
        ["7.1"] = 3, ["7.2"] = 4, ["7.3"] = 2, ["7.4"] = 5, ["7.5"] = 2, ["7.6"] = 2, ["8.1"] = 2, ["8.2"] = 3, ["8.3"] = 1, ["8.4"] = 1, ["9.1"] = 3, ["9.2"] = 4,
        ["10.1"] = 2, ["10.2"] = 2, ["10.3"] = 4, ["10.4"] = 11, ["10.5"] = 5, ["10.6"] = 2, ["10.7"] = 3, ["11.1"] = 2, ["11.2"] = 3, ["11.3"] = 3, ["11.4"] = 4, ["11.5"] = 1, ["11.6"] = 1,
        ["12.1"] = 3, ["12.2"] = 2, ["12.3"] = 4, ["13.1"] = 1, ["13.2"] = 5, ["13.3"] = 2, ["13.4"] = 5, ["14.1"] = 2, ["14.2"] = 4, ["14.3"] = 3, ["15.1"] = 3, ["15.2"] = 3, ["15.3"] = 7,
        ["16.1"] = 1, ["16.2"] = 5, ["16.3"] = 4, ["16.4"] = 3, ["16.5"] = 3, ["17.1"] = 1, ["17.2"] = 4, ["17.3"] = 2,
    };

    [Fact]
    public void Every_requirement_of_ASVS_is_answered_once()
    {
        var rows = File.ReadAllLines(Repository.PathOf("docs", "asvs.md")).Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Select(line => line.Split('|', StringSplitOptions.TrimEntries)).Skip(1).ToList();
        rows.Select(row => row[2]).Distinct().Order(StringComparer.Ordinal).ShouldBe(["**not met**", "met", "none", "operator"]);
        var answered = rows.SelectMany(row => row[1].Split(", ")).SelectMany(Expand).ToList();
        answered.Distinct().Count().ShouldBe(answered.Count);
        answered.Order(StringComparer.Ordinal).ShouldBe(Sections.SelectMany(section => Enumerable.Range(1, section.Value).Select(number => $"{section.Key}.{number}")).Order(StringComparer.Ordinal));
    }

    // 1.2.5-9 stands for five of them.
    private static IEnumerable<string> Expand(string items)
    {
        var (section, ends) = (items[..items.LastIndexOf('.')], items[(items.LastIndexOf('.') + 1)..].Split('-').Select(number => int.Parse(number, System.Globalization.CultureInfo.InvariantCulture)).ToList());
        return Enumerable.Range(ends[0], ends[^1] - ends[0] + 1).Select(number => $"{section}.{number}");
    }
}
