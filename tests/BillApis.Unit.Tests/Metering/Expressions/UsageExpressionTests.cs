using BillApis.Metering;

namespace BillApis.Unit.Tests.Metering.Expressions;

public sealed class UsageExpressionTests
{
    private static readonly Dictionary<string, decimal> Event = new() { ["input_tokens"] = 1_200, ["output_tokens"] = 350, ["gpu.seconds"] = 0.1m, ["cache-hit"] = 2, ["tiny"] = 0.000_000_000_001m, ["huge"] = 999_999_999_999_999m };

    [Theory]
    [InlineData("input_tokens + 4 * output_tokens", "2600")]
    [InlineData("(input_tokens + 4) * output_tokens", "421400")]
    [InlineData("input_tokens - output_tokens - 50", "800")]
    [InlineData("1200 / 4 / 3", "100")]
    [InlineData("1 / 3", "0.333333333333")]
    [InlineData("2 / 3", "0.666666666667")]
    [InlineData("-2 / 3", "-0.666666666667")]
    [InlineData("7 % 3 + -7 % 3", "0")]
    [InlineData("--3", "3")]
    [InlineData("gpu.seconds * 3", "0.3")]
    [InlineData("\"cache-hit\" * .5", "1")]
    [InlineData("min(3, 1, 2) + max(3, 1, 2)", "4")]
    [InlineData("ceil(input_tokens / 1000) + floor(1.9) + abs(-1)", "4")]
    [InlineData("round(2.345, 2) + round(-2.345, 2)", "0")]
    [InlineData("round(0.5, 0)", "1")]
    [InlineData("coalesce(reasoning_tokens, output_tokens, 0)", "350")]
    [InlineData("coalesce(reasoning_tokens, 0)", "0")]
    [InlineData("0.1 + 0.2", "0.3")]
    public void It_computes_exactly(string expression, string value)
    {
        UsageExpression.Parse(expression).TryEvaluate(Property, out var result, out var problem).ShouldBeTrue(problem);
        Exact.Format(result).ShouldBe(value);
    }

    [Theory]
    [InlineData("input_tokens + missing", "property 'missing' is missing or not a number")]
    [InlineData("coalesce(a, b)", "property 'b' is missing or not a number")]
    [InlineData("1 / (input_tokens - 1200)", "divides by zero")]
    [InlineData("tiny * tiny", "use round")]
    [InlineData("huge * 10", "more than 15 integer")]
    [InlineData("huge * huge", "more digits than can be kept exactly")]
    public void What_has_no_value_says_why(string expression, string problem)
    {
        UsageExpression.Parse(expression).TryEvaluate(Property, out _, out var said).ShouldBeFalse();
        said.ShouldNotBeNull().ShouldContain(problem);
    }

    [Theory]
    [InlineData("", "ends where a number, a property or '(' is expected (at position 1)")]
    [InlineData("a +", "ends where a number, a property or '(' is expected (at position 4)")]
    [InlineData("a + $", "has '$' where a number, a property or '(' is expected (at position 5)")]
    [InlineData("a b", "has 'b' where an operator or the end is expected (at position 3)")]
    [InlineData("(a", "ends where ')' is expected (at position 3)")]
    [InlineData("a)", "has ')' where an operator or the end is expected (at position 2)")]
    [InlineData("1.2.3", "has '1.2.3', which is not a number")]
    [InlineData("system(1)", "calls 'system', but there is only")]
    [InlineData("min(1)", "gives 1 arguments to 'min'")]
    [InlineData("round(a, b)", "rounds to digits that are not a whole number")]
    [InlineData("\"a", "opens a quotation that is not closed (at position 1)")]
    [InlineData("\"\"", "has an empty property name")]
    public void What_is_no_expression_is_refused_with_its_position(string expression, string problem)
    {
        var refusal = Should.Throw<BillingException>(() => UsageExpression.Parse(expression));
        refusal.Details[0].Field.ShouldBe("expression");
        refusal.Message.ShouldContain(problem);
    }

    [Fact]
    public void Depth_and_length_are_bounded()
    {
        Should.Throw<BillingException>(() => UsageExpression.Parse(new string('(', 33) + "1" + new string(')', 33))).Message.ShouldContain("nested");
        Should.Throw<BillingException>(() => UsageExpression.Parse(new string('1', 1_025))).Message.ShouldContain("at most 1024 characters");
        UsageExpression.Parse(string.Join(" + ", Enumerable.Repeat("1", 250))).TryEvaluate(Property, out var sum, out _).ShouldBeTrue();
        sum.ShouldBe(250);
    }

    [Fact]
    public void It_names_its_properties_once() =>
        UsageExpression.Parse("b + a * b + \"c d\"").Properties.ShouldBe(["b", "a", "c d"]);

    private static decimal? Property(string name) => Event.TryGetValue(name, out var value) ? value : null;
}
