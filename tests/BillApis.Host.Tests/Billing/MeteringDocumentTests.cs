using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using NodaTime;

namespace BillApis.Host.Tests;

/// <summary>What docs/metering.md shows works, and the limits that it names are the engine's.</summary>
public sealed partial class MeteringDocumentTests(HostFixture host)
{
    private static readonly string Document = File.ReadAllText(Repository.PathOf("docs/metering.md")).ReplaceLineEndings("\n");

    [Fact]
    public async Task Every_request_is_taken()
    {
        var requests = Request().Matches(Document);
        requests.Count.ShouldBeGreaterThan(7);
        foreach (Match request in requests)
        {
            using var content = new StringContent(request.Groups["body"].Value, Encoding.UTF8) { Headers = { ContentType = new MediaTypeHeaderValue(request.Groups["type"].Value) } };
            var answer = await host.Api.SendAsync(HttpMethod.Post, request.Groups["path"].Value, content);
            answer.Status.ShouldBeInRange(201, 202, request.Value);
            if (answer.Payload.TryGetProperty("rejected", out var rejected) && rejected.ValueKind is JsonValueKind.Array)
            {
                rejected.GetArrayLength().ShouldBe(0, request.Value);
                answer.Payload.GetProperty("accepted").GetInt32().ShouldBeGreaterThan(0, request.Value);
            }
        }
    }

    [Fact]
    public void Every_limit_is_the_engines_and_none_is_left_out()
    {
        // What has nothing to do with usage; a new limit is either said in the document or added here.
        string[] others =
        [
            nameof(Limits.TextLength), nameof(Limits.MetadataEntries), nameof(Limits.PermissionsPerRole), nameof(Limits.NetworksPerKey), nameof(Limits.RolesPerUser), nameof(Limits.ItemsPerPlan),
            nameof(Limits.EntriesPerSubscription), nameof(Limits.TiersPerPrice), nameof(Limits.LinesPerInvoice), nameof(Limits.InvoiceCharges), nameof(Limits.SubscriptionHorizon), nameof(Limits.ThresholdsPerLimit),
            nameof(Limits.HighestThreshold), nameof(Limits.AnswersKept), nameof(Limits.ReservationLifetime), nameof(Limits.UrlLength), nameof(Limits.OutgoingAnswerBytes), nameof(Limits.OutgoingHeaderKilobytes),
            nameof(Limits.OutgoingPatience), nameof(Limits.KeysPerCustomer), nameof(Limits.OfferedPlans), nameof(Limits.EmailLength),
        ];
        var rows = Limit().Matches(Document);
        rows.Select(row => row.Groups["name"].Value).Concat(others).Order().ShouldBe(typeof(Limits).GetFields().Select(field => field.Name).Order());
        foreach (Match row in rows)
        {
            var field = typeof(Limits).GetField(row.Groups["name"].Value).ShouldNotBeNull(row.Value);
            var value = field.GetValue(null) is Duration duration ? duration.BclCompatibleTicks / NodaConstants.TicksPerSecond : Convert.ToDecimal(field.GetValue(null), CultureInfo.InvariantCulture);
            row.Groups["value"].Value.ShouldBe(value.ToString("#,0.############", CultureInfo.InvariantCulture), row.Value);
        }
    }

    [GeneratedRegex(@"^```http\nPOST (?<path>\S+)\nContent-Type: (?<type>\S+)\n\n(?<body>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Request();

    [GeneratedRegex(@"^\| [^|]+ \| (?<value>[\d,.]+) \| `(?<name>\w+)` \|$", RegexOptions.Multiline)]
    private static partial Regex Limit();
}
