using System.Collections.Immutable;

namespace BillApis.Metering;

/// <summary>Reads an expression by recursive descent; nesting and size are bounded.</summary>
internal sealed class ExpressionParser(string text, string field)
{
    private const int MaxDepth = 32;

    private static readonly Dictionary<string, (int Least, int Most)> Functions = new(StringComparer.Ordinal)
    {
        ["min"] = (2, 16),
        ["max"] = (2, 16),
        ["abs"] = (1, 1),
        ["ceil"] = (1, 1),
        ["floor"] = (1, 1),
        ["round"] = (2, 2),
        ["coalesce"] = (2, 16),
    };

    private readonly List<string> _properties = [];
    private int _at;
    private int _depth;

    public ImmutableArray<string> Properties => [.. _properties.Distinct(StringComparer.Ordinal)];

    public ExpressionNode Read()
    {
        var node = Sum();
        return Peek() is '\0' ? node : throw Unexpected("an operator or the end");
    }

    private ExpressionNode Sum()
    {
        _ = ++_depth <= MaxDepth ? 0 : throw Refuse(_at, $"is nested more than {MaxDepth} deep");
        var node = Product();
        while (Peek() is '+' or '-')
        {
            node = new OperationNode(text[_at++], node, Product());
        }

        _depth--;
        return node;
    }

    private ExpressionNode Product()
    {
        var node = Factor();
        while (Peek() is '*' or '/' or '%')
        {
            node = new OperationNode(text[_at++], node, Factor());
        }

        return node;
    }

    private ExpressionNode Factor()
    {
        var negative = false;
        while (Peek() is '-')
        {
            _at++;
            negative = !negative;
        }

        var node = Primary();
        return negative ? new NegationNode(node) : node;
    }

    private ExpressionNode Primary()
    {
        switch (Peek())
        {
            case '(':
                _at++;
                var inner = Sum();
                Take(')');
                return inner;
            case '"':
                return Quoted();
            case '.' or (>= '0' and <= '9'):
                return Number();
            case var letter when letter is '_' || char.IsLetter(letter):
                return Word();
            default:
                throw Unexpected("a number, a property or '('");
        }
    }

    private NumberNode Number()
    {
        var start = _at;
        while (_at < text.Length && (char.IsAsciiDigit(text[_at]) || text[_at] is '.'))
        {
            _at++;
        }

        return Exact.TryParse(text.AsSpan(start, _at - start), out var value)
            ? new NumberNode(value)
            : throw Refuse(start, $"has '{text[start.._at]}', which is not a number of at most 15 integer and {Limits.FractionDigits} fractional digits");
    }

    private ExpressionNode Word()
    {
        var start = _at;
        while (_at < text.Length && (char.IsLetterOrDigit(text[_at]) || text[_at] is '_' or '.'))
        {
            _at++;
        }

        var name = text[start.._at];
        return Peek() is '(' ? Call(name, start) : Property(name);
    }

    private PropertyNode Quoted()
    {
        var end = text.IndexOf('"', _at + 1);
        _ = end > _at + 1 ? 0 : throw Refuse(_at, end < 0 ? "opens a quotation that is not closed" : "has an empty property name");
        var name = text[(_at + 1)..end];
        _at = end + 1;
        return Property(name);
    }

    private PropertyNode Property(string name)
    {
        _properties.Add(name);
        return new PropertyNode(name);
    }

    private CallNode Call(string name, int start)
    {
        if (!Functions.TryGetValue(name, out var count))
        {
            throw Refuse(start, $"calls '{name}', but there is only {string.Join(", ", Functions.Keys)}");
        }

        var arguments = ImmutableArray.CreateBuilder<ExpressionNode>();
        do
        {
            _at++;
            arguments.Add(Sum());
        }
        while (Peek() is ',');

        Take(')');
        if (arguments.Count < count.Least || arguments.Count > count.Most)
        {
            throw Refuse(start, $"gives {arguments.Count} arguments to '{name}', which takes {(count.Least == count.Most ? $"{count.Least}" : $"{count.Least} to {count.Most}")}");
        }

        return name is "round" && arguments[1] is not NumberNode { Value: 0 or 1 or 2 or 3 or 4 or 5 or 6 or 7 or 8 or 9 or 10 or 11 or 12 }
            ? throw Refuse(start, $"rounds to digits that are not a whole number of 0 to {Limits.FractionDigits}")
            : new CallNode(name, arguments.ToImmutable());
    }

    private char Peek()
    {
        while (_at < text.Length && char.IsWhiteSpace(text[_at]))
        {
            _at++;
        }

        return _at < text.Length ? text[_at] : '\0';
    }

    private void Take(char expected)
    {
        _ = Peek() == expected ? 0 : throw Unexpected($"'{expected}'");
        _at++;
    }

    private BillingException Unexpected(string expected) =>
        Refuse(_at, $"{(Peek() is '\0' ? "ends" : $"has '{text[_at]}'")} where {expected} is expected");

    // Positions count from 1, as editors do.
    private BillingException Refuse(int at, string problem) => BillingException.Field(field, $"{problem} (at position {at + 1})");
}
