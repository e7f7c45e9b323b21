using System.Collections.Immutable;

namespace BillApis.Metering;

/// <summary>One operation of an expression.</summary>
internal abstract record ExpressionNode
{
    /// <summary>The value; where there is none, <paramref name="problem"/> is set and the value means nothing.</summary>
    public abstract decimal Evaluate(Func<string, decimal?> property, ref string? problem);
}

internal sealed record NumberNode(decimal Value) : ExpressionNode
{
    public override decimal Evaluate(Func<string, decimal?> property, ref string? problem) => Value;
}

internal sealed record PropertyNode(string Name) : ExpressionNode
{
    public override decimal Evaluate(Func<string, decimal?> property, ref string? problem)
    {
        var value = property(Name);
        problem ??= value is null ? $"property '{Name}' is missing or not a number" : null;
        return value ?? 0;
    }
}

internal sealed record NegationNode(ExpressionNode Operand) : ExpressionNode
{
    public override decimal Evaluate(Func<string, decimal?> property, ref string? problem) => -Operand.Evaluate(property, ref problem);
}

internal sealed record OperationNode(char Sign, ExpressionNode Left, ExpressionNode Right) : ExpressionNode
{
    public override decimal Evaluate(Func<string, decimal?> property, ref string? problem)
    {
        var (left, right) = (Left.Evaluate(property, ref problem), Right.Evaluate(property, ref problem));
        if (Sign is '/' or '%' && right == 0)
        {
            problem ??= Sign is '/' ? "divides by zero" : "takes a remainder of zero";
            return 0;
        }

        return Sign switch
        {
            '+' => Exact.Add(left, right),
            '-' => Exact.Add(left, -right),
            '*' => Exact.Multiply(left, right),
            '%' => left % right,
            _ => Math.Round(left / right, Limits.FractionDigits, MidpointRounding.AwayFromZero),
        };
    }
}

internal sealed record CallNode(string Name, ImmutableArray<ExpressionNode> Arguments) : ExpressionNode
{
    public override decimal Evaluate(Func<string, decimal?> property, ref string? problem)
    {
        if (Name is "coalesce")
        {
            return Coalesce(property, ref problem);
        }

        var first = Arguments[0].Evaluate(property, ref problem);
        for (var i = 1; i < Arguments.Length; i++)
        {
            var next = Arguments[i].Evaluate(property, ref problem);
            first = Name switch
            {
                "min" => Math.Min(first, next),
                "max" => Math.Max(first, next),
                _ => Math.Round(first, (int)next, MidpointRounding.AwayFromZero),
            };
        }

        return Name switch
        {
            "abs" => Math.Abs(first),
            "ceil" => decimal.Ceiling(first),
            "floor" => decimal.Floor(first),
            _ => first,
        };
    }

    // The first argument that has a value.
    private decimal Coalesce(Func<string, decimal?> property, ref string? problem)
    {
        string? last = null;
        foreach (var argument in Arguments)
        {
            last = null;
            var value = argument.Evaluate(property, ref last);
            if (last is null)
            {
                return value;
            }
        }

        problem ??= last;
        return 0;
    }
}
