using System.Text;
using BillApis.Metering;

namespace BillApis.Unit.Tests.Metering;

/// <summary>Bad input is named by its place and its field, and the good events around it are read.</summary>
public sealed class BadDeliveryTests
{
    private const string Good = """{"id":"good","type":"t"}""";

    [Theory]
    [InlineData("""{"type":"t"}""", "id is required")]
    [InlineData("""{"id":null,"type":"t"}""", "id is required")]
    [InlineData("""{"id":5,"type":"t"}""", "id must be a string")]
    [InlineData("""{"id":"1"}""", "type is required")]
    [InlineData("""{"id":"1","type":"t","id":"2"}""", "id is there twice")]
    [InlineData("""{"id":"1","type":"t","\u0069d":"2"}""", "id is there twice")]
    [InlineData("""{"id":"1","type":"t","customer_id":{"a":[1]}}""", "customer_id must be a string")]
    [InlineData("""{"id":"\ud800","type":"t"}""", "id must be valid Unicode")]
    [InlineData("""{"id":"1","type":"t","timestamp":"yesterday"}""", "timestamp is not an instant like 2026-02-01T00:00:00Z")]
    [InlineData("""{"id":"1","type":"t","timestamp":1767225600}""", "timestamp is not an instant like 2026-02-01T00:00:00Z")]
    [InlineData("""{"id":"1","type":"t","subscription_id":"x"}""", "subscription_id is not an id like sub_…")]
    [InlineData("""{"id":"1","type":"t","colour":[[{}]]}""", "colour is not a known field")]
    [InlineData("""{"id":"1","type":"t","properties":[]}""", "properties must be an object of names and values")]
    [InlineData("""{"id":"1","type":"t","properties":{"a":{"b":{}}}}""", "properties.a must be a text, a number, true, false or null")]
    [InlineData("""{"id":"1","type":"t","properties":{"a":1,"b":2,"a":1}}""", "properties.a is there twice")]
    [InlineData("""{"id":"1","type":"t","properties":{"a":"\udc00"}}""", "properties.a must be valid Unicode")]
    [InlineData("""{"id":"1","type":"t","properties":{"\ud800":1}}""", "properties must be valid Unicode")]
    [InlineData("5", "body must be an object")]
    [InlineData("[]", "body must be an object")]
    [InlineData("null", "body must be an object")]
    public void One_bad_event_of_a_list_is_named(string bad, string problem)
    {
        List<ReadEvent> read = [];
        JsonEvents.ReadBody(Encoding.UTF8.GetBytes($$"""{"events":[{{Good}},{{bad}},{{Good}}]}"""), EventJson.Read, new EventDraft(), read.Add);
        Problems(read).ShouldBe(["good", problem, "good"]);
        read.Clear();
        TextEvents.ReadLines(Encoding.UTF8.GetBytes($"{Good}\n{bad}\n{Good}"), new EventDraft(), read.Add);
        Problems(read).ShouldBe(["good", problem, "good"]);
    }

    [Theory]
    [InlineData("""{"id":"1","type":"t","source":"s"}""", "specversion is required")]
    [InlineData("""{"specversion":"1.0","id":"1","type":"t"}""", "source is required")]
    [InlineData("""{"specversion":"0.3","id":"1","type":"t","source":"s"}""", "specversion must be 1.0")]
    [InlineData("""{"specversion":1.0,"id":"1","type":"t","source":"s"}""", "specversion must be a string")]
    [InlineData("""{"specversion":"1.0","id":"","type":"t","source":"s"}""", "id must not be empty")]
    [InlineData("""{"specversion":"1.0","id":"1","type":"t","source":"s","subject":""}""", "subject must not be empty")]
    [InlineData("""{"specversion":"1.0","id":"1","type":"t","source":"s","time":"noon"}""", "time is not an instant like 2026-02-01T00:00:00Z")]
    [InlineData("""{"specversion":"1.0","id":"1","type":"t","source":"s","Extra":"x"}""", "Extra is not a name for an attribute: lower-case letters and digits are allowed")]
    [InlineData("""{"specversion":"1.0","id":"1","type":"t","source":"s","extra":{}}""", "extra must be a string, a whole number of 32 bits, true or false")]
    [InlineData("""{"specversion":"1.0","id":"1","type":"t","source":"s","extra":1.5}""", "extra must be a string, a whole number of 32 bits, true or false")]
    [InlineData("""{"specversion":"1.0","id":"1","type":"t","source":"s","extra":1,"extra":1}""", "extra is there twice")]
    [InlineData("""{"specversion":"1.0","id":"1","type":"t","source":"s","data":"text"}""", "data must be an object of names and values")]
    [InlineData("""{"specversion":"1.0","id":"1","type":"t","source":"s","data":{"a":[1]}}""", "data.a must be a text, a number, true, false or null")]
    [InlineData("""{"specversion":"1.0","id":"1","type":"t","source":"s","data":{},"data_base64":"e30="}""", "data_base64 must be left out where there is data")]
    [InlineData("""{"specversion":"1.0","id":"1","type":"t","source":"s","data_base64":"?"}""", "data_base64 must be JSON text in base64")]
    [InlineData("""{"specversion":"1.0","id":"1","type":"t","source":"s","data_base64":"eyI="}""", "data_base64 must be JSON text in base64")]
    [InlineData("""{"specversion":"1.0","id":"1","type":"t","source":"s","datacontenttype":"text/xml","data":"<a/>"}""", "datacontenttype must be application/json: the data are the event's properties")]
    public void One_bad_CloudEvent_of_a_batch_is_named(string bad, string problem)
    {
        const string good = """{"specversion":"1.0","id":"good","type":"t","source":"s","data":{}}""";
        List<ReadEvent> read = [];
        JsonEvents.ReadArray(Encoding.UTF8.GetBytes($"[{good},{bad},{good}]"), CloudEventJson.Read, new EventDraft(), read.Add);
        Problems(read).ShouldBe(["good", problem, "good"]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{\"events\":[{\"id\":\"1\",\"type\":\"t\"},")]
    [InlineData("{\"events\":[{\"id\":\"1\",\"type\":\"t\"}]")]
    [InlineData("{\"events\":[{\"id\":\"1\",\"type\":\"t\"}]} x")]
    [InlineData("{\"events\":[{\"id\":\"1\" \"type\":\"t\"}]}")]
    [InlineData("{\"events\":[],\"events\":[]}")]
    [InlineData("{\"events\":[],\"source\":\"x\"}")]
    [InlineData("{\"events\":{}}")]
    [InlineData("[]")]
    [InlineData("{\"events\":[{\"id\":\"1\",\"type\":\"t\",\"properties\":{\"a\":01}}]}")]
    public void What_is_no_delivery_is_refused_whole(string json) =>
        Should.Throw<BillingException>(() => JsonEvents.ReadBody(Encoding.UTF8.GetBytes(json), EventJson.Read, new EventDraft(), _ => { })).Code.ShouldBe(BillingErrorCode.Invalid);

    [Fact]
    public void Deep_nesting_and_bytes_that_are_no_text_are_refused()
    {
        var deep = "{\"events\":[{\"id\":\"1\",\"type\":\"t\",\"properties\":{\"a\":" + new string('[', 5_000) + new string(']', 5_000) + "}}]}";
        Should.Throw<BillingException>(() => JsonEvents.ReadBody(Encoding.UTF8.GetBytes(deep), EventJson.Read, new EventDraft(), _ => { })).Message.ShouldContain("depth");
        byte[] bytes = [.. "{\"id\":\""u8, 0xC3, 0x28, .. "\",\"type\":\"t\"}"u8];
        Should.Throw<BillingException>(() => JsonEvents.ReadBody(bytes, EventJson.Read, new EventDraft(), _ => { })).Message.ShouldContain("UTF-8");
        List<ReadEvent> read = [];
        TextEvents.ReadLines([.. Encoding.UTF8.GetBytes(Good), (byte)'\n', .. bytes, (byte)'\n', .. Encoding.UTF8.GetBytes(Good)], new EventDraft(), read.Add);
        Problems(read).ShouldBe(["good", "body must be text in UTF-8", "good"]);
        Should.Throw<BillingException>(() => TextEvents.ReadCsv([.. "id,type\n"u8, 0xFF], new CsvLayout(), new EventDraft(), _ => { })).Message.ShouldContain("UTF-8");
    }

    [Fact]
    public void A_line_that_was_cut_off_is_named_and_the_others_are_read()
    {
        List<ReadEvent> read = [];
        TextEvents.ReadLines(Encoding.UTF8.GetBytes($"{Good}\n{Good[..10]}\n{Good} {Good}\n{Good}"), new EventDraft(), read.Add);
        var problems = Problems(read);
        problems[1].ShouldStartWith("body is not valid JSON (line 1, byte 11)");
        problems[2].ShouldStartWith("body is not valid JSON");
        (problems[0], problems[3]).ShouldBe(("good", "good"));
    }

    [Theory]
    [InlineData("1,t", "row has 2 values, but the header has 3 columns")]
    [InlineData("1,t,2,3", "row has 4 values, but the header has 3 columns")]
    [InlineData("1,t\"x,2", "row has a quote inside of a value that does not start with one")]
    [InlineData("1,\"t\"x,2", "row has something behind a closing quote")]
    [InlineData(",t,2", "id is required")]
    [InlineData("1,,2", "type is required")]
    public void One_bad_row_is_named(string bad, string problem)
    {
        List<ReadEvent> read = [];
        TextEvents.ReadCsv(Encoding.UTF8.GetBytes($"id,type,n\ngood,t,1\n{bad}\n\"good\",t,"), new CsvLayout(), new EventDraft(), read.Add);
        Problems(read).ShouldBe(["good", problem, "good"]);
    }

    [Theory]
    [InlineData("", "must start with a header of field names")]
    [InlineData("id,type,id\n", "has the column 'id' twice")]
    [InlineData("id,type,\n", "has a column without a name")]
    [InlineData("id,n\n", "type")]
    [InlineData("id,type\n1,t\n2,\"t\n3,t\n", "ends inside of a quoted value")]
    public void A_table_that_cannot_be_trusted_is_refused_whole(string text, string problem) =>
        Should.Throw<BillingException>(() => TextEvents.ReadCsv(Encoding.UTF8.GetBytes(text), new CsvLayout(), new EventDraft(), _ => { })).Message.ShouldContain(problem);

    private static List<string> Problems(IEnumerable<ReadEvent> read) => [.. read.Select(item => item.Event?.Id ?? $"{item.Errors[0].Field} {item.Errors[0].Message}")];
}
