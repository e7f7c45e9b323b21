using System.Collections.Immutable;

namespace BillApis.Metering;

/// <summary>Arithmetic over the properties of an event, for example <c>input_tokens + 4 * output_tokens</c>.</summary>
/// <remarks>
/// Numbers, properties (in double quotes where the name is not a plain word), <c>+ - * / %</c>, parentheses, and
/// <c>min max abs ceil floor round(x, digits) coalesce</c>. Exact: a quotient has 12 fractional digits, half away from
/// zero, and a result that would need more digits than are kept is a problem, never a loss. There are no loops, so that
/// evaluating costs as much as the text is long.
/// </remarks>
public sealed class UsageExpression
{
    /// <summary>The longest expression, in characters.</summary>
    public const int MaxLength = 1_024;

    private readonly ExpressionNode _root;

    private UsageExpression(string text, ExpressionNode root, ImmutableArray<string> properties) => (Text, _root, Properties) = (text, root, properties);

    /// <summary>The expression as it was written.</summary>
    public string Text { get; }

    /// <summary>The properties that it reads, each once, in the order of their first use.</summary>
    public ImmutableArray<string> Properties { get; }

    /// <summary>Reads an expression.</summary>
    /// <param name="text">The expression.</param>
    /// <param name="field">The field to name in a refusal.</param>
    /// <exception cref="BillingException">The text is not an expression; the refusal says where and what is expected there.</exception>
    public static UsageExpression Parse(string text, string field = "expression")
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length > MaxLength)
        {
            throw BillingException.Field(field, $"must be at most {MaxLength} characters long, but has {text.Length}");
        }

        var parser = new ExpressionParser(text, field);
        return new(text, parser.Read(), parser.Properties);
    }

    /// <summary>The value of the expression for one event.</summary>
    /// <param name="property">The number that a property holds, or null where there is none.</param>
    /// <param name="value">The value, of at most 15 integer and 12 fractional digits.</param>
    /// <param name="problem">Why there is no value, in words that follow the name of the event or metric; null where there is one.</param>
    public bool TryEvaluate(Func<string, decimal?> property, out decimal value, out string? problem)
    {
        ArgumentNullException.ThrowIfNull(property);
        value = 0;
        problem = null;
        try
        {
            var result = Exact.Normalize(_root.Evaluate(property, ref problem));
            problem ??= Math.Abs(result) > Limits.Magnitude || result.Scale > Limits.FractionDigits
                ? $"'{Text}' comes to {Exact.Format(result)}, which has more than 15 integer or {Limits.FractionDigits} fractional digits; use round"
                : null;
            value = problem is null ? result : 0;
        }
        catch (OverflowException)
        {
            problem = $"'{Text}' comes to a number with more digits than can be kept exactly";
        }

        return problem is null;
    }

    /// <summary>Returns <see cref="Text"/>.</summary>
    public override string ToString() => Text;
}
