using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using BillApis.Cli.Verification;

namespace BillApis.Cli.Tests;

public sealed class VerifyTests(BilledLife life) : IClassFixture<BilledLife>
{
    [Fact]
    public async Task What_was_billed_is_sound()
    {
        life.Exports.Count.ShouldBe(13);
        foreach (var (invoice, events) in life.Exports)
        {
            InvoiceVerification.Run(invoice, events).ShouldBeEmpty();
            (await RunAsync(invoice, events)).Code.ShouldBe(Commands.Sound);
        }
    }

    [Fact]
    public void No_value_of_the_invoice_can_be_changed()
    {
        foreach (var (invoice, events) in life.Exports)
        {
            // Earlier documents are held by their hashes, whatever is changed in them.
            var leaves = Leaves(JsonNode.Parse(invoice)!).Where((path, i) => !path.StartsWith("earlier/", StringComparison.Ordinal) || i % 16 == 0).ToList();
            leaves.Count.ShouldBeGreaterThan(150);
            foreach (var path in leaves)
            {
                Refused(Changed(invoice, path), events).ShouldBeTrue($"{path} was changed");
            }
        }
    }

    [Fact]
    public void No_amount_can_be_changed_even_by_someone_who_makes_the_hashes_anew()
    {
        foreach (var (invoice, events) in life.Exports)
        {
            var numbers = Leaves(JsonNode.Parse(invoice)!).Where(IsCounted).ToList();
            numbers.Count.ShouldBeGreaterThan(15);
            foreach (var path in numbers)
            {
                var findings = InvoiceVerification.Run(Hashed(Changed(invoice, path)), events);
                findings.ShouldNotBeEmpty($"{path} was changed");
                findings.ShouldNotContain(finding => finding.Contains("hash", StringComparison.Ordinal));
            }
        }
    }

    [Fact]
    public void Nothing_can_be_left_out_or_put_in_twice_even_by_someone_who_makes_the_hashes_anew()
    {
        foreach (var (invoice, events) in life.Exports)
        {
            var places = Elements(JsonNode.Parse(invoice)!["invoice"]!, "invoice").ToList();
            places.Count.ShouldBeGreaterThan(5);
            places.Where(path => !Refused(Hashed(Edited(invoice, path, (list, at) => list.Insert(at, list[at]!.DeepClone()))), events)).ShouldBeEmpty("put in twice");

            // A line over nothing bears taxes over nothing: that one of them is missing changes no amount, and only the chain of hashes holds it.
            places.Where(path => !Refused(Hashed(Edited(invoice, path, (list, at) => list.RemoveAt(at))), events)).Where(path => !IsTaxOfNothing(invoice, path)).ShouldBeEmpty("left out");
            var unsealed = JsonNode.Parse(invoice)!.AsObject();
            unsealed.Remove("seal").ShouldBeTrue();
            InvoiceVerification.Run(Hashed(JsonSerializer.SerializeToUtf8Bytes(unsealed, BillingJson.Options)), events).ShouldHaveSingleItem().ShouldStartWith("seal: is missing");
        }
    }

    [Fact]
    public void Usage_that_is_charged_once_more_with_all_sums_is_found()
    {
        // The line of least usage again, under an id of its own: 3.00 more, with every sum over it.
        var (invoice, events) = life.Exports[1];
        var root = JsonNode.Parse(invoice)!;
        var lines = root["invoice"]!["lines"]!.AsArray();
        for (var i = lines.Count - 1; i >= 0; i--)
        {
            var findings = InvoiceVerification.Run(Hashed(Edited(invoice, $"invoice/lines/{i}", (list, at) =>
            {
                var again = list[at]!.DeepClone();
                again["id"] = EntityId.New<InvoiceLineId>().ToString();
                list.Add(again);
            })), events);
            var isUsage = lines[i]!["kind"]!.GetValue<string>() is "usage" or "adjustment" && lines[i]!["metric"] is not null;
            findings.Any(finding => finding.Contains("charges what another line charges", StringComparison.Ordinal)).ShouldBe(isUsage, $"line {i}");
        }
    }

    [Fact]
    public void The_line_and_the_field_are_named()
    {
        var (invoice, events) = life.Exports[1];
        var findings = InvoiceVerification.Run(Hashed(Changed(invoice, "invoice/lines/2/amount/minor")), events);
        findings.ShouldContain(finding => finding.StartsWith("invoice.lines[2].amount: the invoice says ", StringComparison.Ordinal));
    }

    [Fact]
    public void No_event_can_be_changed_removed_or_added_and_their_order_does_not_matter()
    {
        var (invoice, events) = life.Exports[1];
        var lines = Encoding.UTF8.GetString(events).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.Length.ShouldBeGreaterThan(10);
        for (var i = 0; i < lines.Length; i++)
        {
            foreach (var path in Leaves(JsonNode.Parse(lines[i])!))
            {
                var changed = lines.ToArray();
                changed[i] = Encoding.UTF8.GetString(Changed(Encoding.UTF8.GetBytes(lines[i]), path));
                Refused(invoice, Join(changed)).ShouldBeTrue($"{path} of {lines[i]} was changed");
            }

            Refused(invoice, Join([.. lines.Where((_, k) => k != i)])).ShouldBeTrue();
            Refused(invoice, Join([.. lines, lines[i].Replace("event-", "event-1", StringComparison.Ordinal)])).ShouldBeTrue();
        }

        InvoiceVerification.Run(invoice, Join([.. lines.Reverse()])).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_is_wrong_is_told_by_the_exit_code()
    {
        var (invoice, events) = life.Exports[1];
        var refused = await RunAsync(Changed(invoice, "totals/total/minor"), events);
        refused.Code.ShouldBe(Commands.Faulty);
        refused.Text.ShouldContain("totals.total: the invoice says ");
        refused.Text.ShouldContain("REFUSED: ");
        (await RunAsync("{"u8.ToArray(), events)).Code.ShouldBe(Commands.Unreadable);
        using var output = new StringWriter();
        (await Commands.Root(output).Parse(["verify", "/nowhere/invoice.json", "/nowhere/events.ndjson"]).InvokeAsync(cancellationToken: TestContext.Current.CancellationToken)).ShouldBe(Commands.Unreadable);
    }

    [Fact]
    public async Task The_chain_of_a_database_is_followed_from_the_command_line()
    {
        using var output = new StringWriter();
        string[] database = ["--storage", "sqlite", "--connection", life.Connection];
        (await Commands.Root(output).Parse(["migrate", .. database]).InvokeAsync(cancellationToken: TestContext.Current.CancellationToken)).ShouldBe(Commands.Sound);
        (await Commands.Root(output).Parse(["verify-chain", .. database, "--tenant", life.Tenant.ToString()]).InvokeAsync(cancellationToken: TestContext.Current.CancellationToken)).ShouldBe(Commands.Sound);
        output.ToString().ShouldContain("INV: 3 documents, ");
        (await Commands.Root(output).Parse(["verify-chain", .. database, "--tenant", "nobody"]).InvokeAsync(cancellationToken: TestContext.Current.CancellationToken)).ShouldBe(Commands.Unreadable);
    }

    private static bool IsCounted(string path) =>
        (path.StartsWith("invoice/", StringComparison.Ordinal) || path.StartsWith("totals/", StringComparison.Ordinal))
        && (path.EndsWith("/minor", StringComparison.Ordinal) || path.EndsWith("/quantity", StringComparison.Ordinal) || path.EndsWith("/percentage", StringComparison.Ordinal) || path.EndsWith("/unit_amount", StringComparison.Ordinal))
        && !path.Contains("/tiers/", StringComparison.Ordinal);

    private static bool Refused(byte[] invoice, byte[] events)
    {
        try
        {
            return InvoiceVerification.Run(invoice, events).Count > 0;
        }
        catch (Exception exception) when (exception is JsonException or BillingException or FormatException or InvalidDataException)
        {
            return true;
        }
    }

    private static async Task<(int Code, string Text)> RunAsync(byte[] invoice, byte[] events)
    {
        var folder = Directory.CreateTempSubdirectory("billapis-verify-");
        using var output = new StringWriter();
        try
        {
            var (one, other) = (Path.Combine(folder.FullName, "invoice.json"), Path.Combine(folder.FullName, "events.ndjson"));
            await File.WriteAllBytesAsync(one, invoice, TestContext.Current.CancellationToken);
            await File.WriteAllBytesAsync(other, events, TestContext.Current.CancellationToken);
            return (await Commands.Root(output).Parse(["verify", one, other]).InvokeAsync(cancellationToken: TestContext.Current.CancellationToken), output.ToString());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static IEnumerable<string> Leaves(JsonNode? node, string path = "") => node switch
    {
        JsonObject item => item.SelectMany(property => Leaves(property.Value, $"{path}{(path.Length > 0 ? "/" : "")}{property.Key}")),
        JsonArray list => list.SelectMany((item, i) => Leaves(item, $"{path}/{i}")),
        null => [],
        _ => [path],
    };

    private static byte[] Changed(byte[] json, string path)
    {
        var root = JsonNode.Parse(json)!;
        var parts = path.Split('/');
        var parent = parts[..^1].Aggregate(root, (node, part) => node is JsonArray list ? list[int.Parse(part, System.Globalization.CultureInfo.InvariantCulture)]! : node[part]!);
        var value = parent is JsonArray array ? array[int.Parse(parts[^1], System.Globalization.CultureInfo.InvariantCulture)]! : parent[parts[^1]]!;
        JsonNode other = value.GetValueKind() switch
        {
            JsonValueKind.Number => JsonNode.Parse(Exact.Format(decimal.Parse(value.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture) + 1))!,
            JsonValueKind.True => JsonValue.Create(false),
            JsonValueKind.False => JsonValue.Create(true),
            _ => JsonValue.Create(value.GetValue<string>() + "x"),
        };
        if (parent is JsonArray places)
        {
            places[int.Parse(parts[^1], System.Globalization.CultureInfo.InvariantCulture)] = other;
        }
        else
        {
            parent[parts[^1]] = other;
        }

        return JsonSerializer.SerializeToUtf8Bytes(root, BillingJson.Options);
    }

    // The paths of all that stands in lists.
    private static IEnumerable<string> Elements(JsonNode? node, string path) => node switch
    {
        JsonObject item => item.SelectMany(property => Elements(property.Value, $"{path}/{property.Key}")),
        JsonArray list => list.SelectMany((item, i) => Elements(item, $"{path}/{i}").Prepend($"{path}/{i}")),
        _ => [],
    };

    private static bool IsTaxOfNothing(byte[] json, string path) =>
        path.Contains("/taxes/", StringComparison.Ordinal) && path.Split('/').Aggregate(JsonNode.Parse(json)!, (node, part) => node is JsonArray list ? list[int.Parse(part, System.Globalization.CultureInfo.InvariantCulture)]! : node[part]!)["amount"]?["minor"]?.GetValue<long>() is null or 0;

    private static byte[] Edited(byte[] json, string path, Action<JsonArray, int> edit)
    {
        var root = JsonNode.Parse(json)!;
        var parts = path.Split('/');
        var list = parts[..^1].Aggregate(root, (node, part) => node is JsonArray places ? places[int.Parse(part, System.Globalization.CultureInfo.InvariantCulture)]! : node[part]!).AsArray();
        edit(list, int.Parse(parts[^1], System.Globalization.CultureInfo.InvariantCulture));
        return JsonSerializer.SerializeToUtf8Bytes(root, BillingJson.Options);
    }

    internal static byte[] Hashed(byte[] json)
    {
        var root = JsonNode.Parse(json)!;
        var invoice = CanonicalJson.Write(JsonSerializer.SerializeToElement(root["invoice"]));
        if (root["seal"] is { } seal)
        {
            seal["hash"] = DocumentSeal.Of(invoice, seal["previous"]!.GetValue<string>()).Hash;
        }

        root["hash"] = Convert.ToHexStringLower(SHA256.HashData(CanonicalJson.WriteWhole(JsonSerializer.SerializeToElement(root), "hash")));
        return JsonSerializer.SerializeToUtf8Bytes(root, BillingJson.Options);
    }

    private static byte[] Join(IEnumerable<string> lines) => Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n");
}
