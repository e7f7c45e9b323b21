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
}
