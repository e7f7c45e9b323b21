using System.Text;
using BillApis.Metering;
using NodaTime;

namespace BillApis.Unit.Tests.Metering;

public sealed class EventFormatTests
{
    private static readonly UsageEvent Event = new()
    {
        Id = "1", Type = "llm", Customer = "acme", Timestamp = Instant.FromUtc(2026, 1, 2, 3, 4, 5), Source = "gateway", SubscriptionId = EntityId.Parse<SubscriptionId>("sub_01kdvt5h40e6xrwwwb16exm1et"),
        Properties = UsageProperties.Of(("tokens", 12.5m), ("model", "small, \"fast\"\nmodel"), ("cached", true), ("none", default)),
    };

    private const string Json = """
        {"id":"1","type":"llm","customer_id":"acme","timestamp":"2026-01-02T03:04:05Z","source":"gateway","subscription_id":"sub_01kdvt5h40e6xrwwwb16exm1et",
         "properties":{"tokens":12.50,"model":"small, \"fast\"\nmodel","cached":true,"none":null}}
        """;

    [Fact]
    public void Every_format_says_the_same_event()
    {
        Body(Json).ShouldBe([Event]);
        Body($$"""{"events": [{{Json}}, {{Json}}]}""").ShouldBe([Event, Event]);
        Body("\uFEFF" + Json).ShouldBe([Event]);
        Lines("\uFEFF" + Json.ReplaceLineEndings("") + "\r\n \t\n" + Json.ReplaceLineEndings("")).ShouldBe([Event, Event]);
        var fields = """
            "specversion":"1.0","id":"1","source":"gateway","type":"llm","subject":"acme","time":"2026-01-02T04:04:05+01:00","subscriptionid":"sub_01kdvt5h40e6xrwwwb16exm1et",
            "traceparent":"00-1-2-01","sampled":true,"partition":7,"nothing":null,"datacontenttype":"application/json; charset=utf-8","dataschema":"https://example.com/schema"
            """;
        const string data = """{"tokens":12.5,"model":"small, \"fast\"\nmodel","cached":true,"none":null}""";
        Cloud($$"""{ {{fields}}, "data": {{data}} }""").ShouldBe([Event]);
        Cloud($$"""{ "data": {{data}}, {{fields}} }""").ShouldBe([Event]);
        Cloud($$"""{ {{fields}}, "data_base64": "{{Convert.ToBase64String(Encoding.UTF8.GetBytes(data))}}" }""").ShouldBe([Event]);
        Batch($$"""[{ {{fields}}, "data": {{data}} }]""").ShouldBe([Event]);
        Batch("[]").ShouldBeEmpty();
    }

    [Fact]
    public void A_table_says_texts_and_numbers_and_may_leave_values_out()
    {
        var row = "1,llm,acme,2026-01-02T03:04:05Z,gateway,sub_01kdvt5h40e6xrwwwb16exm1et,12.5,\"small, \"\"fast\"\"\nmodel\",";
        var expected = Event with { Properties = UsageProperties.Of(("tokens", 12.5m), ("model", "small, \"fast\"\nmodel")) };
        const string header = "id,type,customer_id,timestamp,source,subscription_id,tokens,properties.model,none";
        Csv($"{header}\n{row}\n").ShouldBe([expected]);
        Csv($"\uFEFF{header}\r\n\r\n{row}\r\n\r\n{row}").ShouldBe([expected, expected]);
        Csv("id,type,zip,size,big\n1,a,007,-0.5,1234567890123456").Single().Properties.ShouldBe(UsageProperties.Of(("zip", "007"), ("size", -0.5m), ("big", "1234567890123456")));
    }

    [Fact]
    public void Columns_may_have_names_of_their_own()
    {
        var layout = new CsvLayout
        {
            Columns = System.Collections.Immutable.ImmutableSortedDictionary<string, string>.Empty.Add("id", "Request").Add("timestamp", "When"),
            Constants = System.Collections.Immutable.ImmutableSortedDictionary<string, string>.Empty.Add("type", "llm").Add("customer_id", "acme"),
            Properties = ["tokens"],
            Delimiter = ';',
        };
        Csv("When;Request;tokens;secret;id\n2026-01-01T00:00:00Z;r1;5;x;y\n", layout).ShouldBe(
            [new UsageEvent { Id = "r1", Type = "llm", Customer = "acme", Timestamp = Instant.FromUtc(2026, 1, 1, 0, 0), Properties = UsageProperties.Of(("tokens", 5)) }]);
        Refusal(() => Csv("When;tokens\n", layout)).ShouldBe("Request is required as a column");
        Refusal(() => Csv("id,type\n", new CsvLayout { Delimiter = 'x' })).ShouldBe("delimiter must be a comma, a semicolon, a tab or a bar");
        Refusal(() => Csv("id,type\n", new CsvLayout { Columns = layout.Columns.Add("colour", "id") })).ShouldStartWith("colour is no field of an event");
        Refusal(() => Csv("id,type\n", new CsvLayout { Columns = layout.Columns.Add("properties.", "id") })).ShouldStartWith("properties. is no field of an event");
        Refusal(() => Csv("id,type\n", new CsvLayout { Constants = layout.Constants.Add("id", "1") })).ShouldBe("id must be a column: no two events have one id");
    }

    [Fact]
    public void Properties_may_have_names_of_their_own_and_a_column_may_be_several_fields()
    {
        var none = System.Collections.Immutable.ImmutableSortedDictionary<string, string>.Empty;
        var layout = new CsvLayout
        {
            Columns = none.Add("id", "Request").Add("properties.request", "Request").Add("properties.tokens", "Total tokens"),
            Constants = none.Add("type", "llm").Add("customer_id", "acme").Add("timestamp", "2026-01-01T00:00:00Z").Add("properties.region", "eu").Add("properties.tokens", "3"),
            Properties = ["model"],
        };
        var item = new UsageEvent { Id = "r1", Type = "llm", Customer = "acme", Timestamp = Instant.FromUtc(2026, 1, 1, 0, 0) };
        Csv("Request,model,Total tokens,comment\nr1,small,5,left out\nr1,,,\n", layout).ShouldBe([
            item with { Properties = UsageProperties.Of(("model", "small"), ("region", "eu"), ("request", "r1"), ("tokens", 5)) },
            item with { Properties = UsageProperties.Of(("region", "eu"), ("request", "r1"), ("tokens", 3)) }]);
        Csv("Request,Total tokens,model\nr1,5,small\n", layout with { Properties = [] }).Single().Properties["model"].Kind.ShouldBe(PropertyKind.Null, "where properties are mapped, the others are left out");
    }

    [Fact]
    public void A_refused_row_has_its_line_and_the_column_of_its_field()
    {
        var (read, layout) = (new List<ReadEvent>(), new CsvLayout { Columns = System.Collections.Immutable.ImmutableSortedDictionary<string, string>.Empty.Add("timestamp", "When").Add("properties.n", "N") });
        var header = TextEvents.ReadCsv("\uFEFFid,type,When,N\r\n\r\na,t,noon,1\nb,t,\"2026-\n\n\",1\nc,t,,\"x\ny\"\nd,t\n"u8, layout, new EventDraft(), read.Add);
        read.Select(item => (item.Line, Error: item.Errors.IsEmpty ? "" : item.Errors[0].Field)).ShouldBe([(3, "timestamp"), (4, "timestamp"), (7, ""), (9, "row")]);
        new[] { "timestamp", "id", "properties.n", "properties.m", "customer_id", "row", "When" }.Select(header.ColumnOf).ShouldBe(["When", "id", "N", null, null, null, null]);
    }

    [Theory]
    [InlineData("2026-02-28T23:59:59.1234567Z", 2026, 2, 28, 1234560)]
    [InlineData("2026-02-28T23:59:59.123456789Z", 2026, 2, 28, 1234560)]
    [InlineData("2024-02-29T23:59:59z", 2024, 2, 29, 0)]
    [InlineData("2000-03-01t00:59:59.5+01:00", 2000, 2, 29, 5_000_000)]
    [InlineData("2100-03-01T00:59:59.1+01:00", 2100, 2, 28, 1_000_000)]
    public void Timestamps_are_read_to_the_microsecond(string text, int year, int month, int day, int ticks)
    {
        EventTime.TryParse(Encoding.UTF8.GetBytes(text), out var at).ShouldBeTrue();
        at.ShouldBe(Instant.FromUtc(year, month, day, 23, 59, 59).PlusTicks(ticks));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Z")]
    [InlineData("2026-02-29T00:00:00Z")]
    [InlineData("2026-13-01T00:00:00Z")]
    [InlineData("2026-01-01T00:00:60Z")]
    [InlineData("2026-01-01T00:00:00")]
    [InlineData("2026-01-01 00:00:00Z")]
    [InlineData("2026-01-01T00:00:00.Z")]
    [InlineData("2026-01-01T00:00:00.12345678901Z")]
    [InlineData("1767225600")]
    public void What_is_no_instant_is_no_timestamp(string text) => EventTime.TryParse(Encoding.UTF8.GetBytes(text), out _).ShouldBeFalse();

    [Fact]
    public void The_fast_reader_of_timestamps_agrees_with_the_calendar()
    {
        var random = new Random(7);
        for (var i = 0; i < 20_000; i++)
        {
            var at = Instant.FromUnixTimeTicks(random.NextInt64(Instant.FromUtc(1970, 1, 1, 0, 0).ToUnixTimeTicks(), Instant.FromUtc(9999, 1, 1, 0, 0).ToUnixTimeTicks()) / 10 * 10);
            EventTime.TryParse(Encoding.UTF8.GetBytes(NodaTime.Text.InstantPattern.ExtendedIso.Format(at)), out var read).ShouldBeTrue();
            read.ShouldBe(at);
        }
    }

    [Theory]
    [InlineData("0", "0")]
    [InlineData("-0", "0")]
    [InlineData("1.50", "1.5")]
    [InlineData("-1.5", "-1.5")]
    [InlineData("100", "100")]
    [InlineData("1e2", "100")]
    [InlineData("0.0", "0")]
    [InlineData("123456789012345.123456789012", "123456789012345.123456789012")]
    [InlineData("1234567890123456", "1234567890123456")]
    [InlineData("1e400", "1e400")]
    [InlineData("0.1234567890123", "0.1234567890123")]
    public void Numbers_are_kept_in_one_spelling(string json, string text)
    {
        PropertyValue.Number(Encoding.UTF8.GetBytes(json)).ShouldBe(PropertyValue.Number(json));
        PropertyValue.Number(Encoding.UTF8.GetBytes(json)).Text.ShouldBe(text);
    }

    private static string Refusal(Action action) => Should.Throw<BillingException>(action).Details[0] is var wrong ? $"{wrong.Field} {wrong.Message}" : "";

    private static List<UsageEvent> Body(string json) => Read(add => JsonEvents.ReadBody(Encoding.UTF8.GetBytes(json), EventJson.Read, new EventDraft(), add));

    private static List<UsageEvent> Cloud(string json) => Read(add => JsonEvents.ReadSingle(Encoding.UTF8.GetBytes(json), CloudEventJson.Read, new EventDraft(), add));

    private static List<UsageEvent> Batch(string json) => Read(add => JsonEvents.ReadArray(Encoding.UTF8.GetBytes(json), CloudEventJson.Read, new EventDraft(), add));

    private static List<UsageEvent> Lines(string text) => Read(add => TextEvents.ReadLines(Encoding.UTF8.GetBytes(text), new EventDraft(), add));

    private static List<UsageEvent> Csv(string text, CsvLayout? layout = null) => Read(add => TextEvents.ReadCsv(Encoding.UTF8.GetBytes(text), layout ?? new CsvLayout(), new EventDraft(), add));

    private static List<UsageEvent> Read(Action<Action<ReadEvent>> read)
    {
        var events = new List<UsageEvent>();
        read(item => events.Add(item.Event ?? throw new InvalidOperationException($"{item.Errors[0]}")));
        return events;
    }
}
